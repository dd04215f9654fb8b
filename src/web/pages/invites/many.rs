//! `/invites/list`: inviting many people with a list. The list is shown line by line with what is wrong before anything is
//! created, and can be corrected in place.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::create::{lifetime, lifetimes};
use crate::domain::JobId;
use crate::domain::invite_list::{self, Column, ListFault, MAX_LINES};
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::invites::list::{self, Checked, CheckedLine, Common};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::upload::Upload;
use crate::words::sentence;

#[derive(Debug, Default)]
pub struct ListForm {
    list: String,
    comment: String,
    hours: String,
    email: bool,
}

impl Fields for ListForm {
    const NAMES: &'static [&'static str] = &["list", "comment", "hours", "email"];
}

#[derive(Template)]
#[template(path = "pages/invites/many.html")]
struct ManyPage {
    layout: Layout,
    form: FormState<ListForm>,
    lifetimes: Vec<(u32, String, bool)>,
    can_email: bool,
    /// What was checked, if anything could be read.
    preview: Option<Preview>,
}

struct Preview {
    wrong: Vec<Row>,
    right: Vec<Row>,
    /// The job that will create the invites, and the digest of the list, if nothing is wrong.
    ready: Option<(JobId, String)>,
}

/// A line of the list.
struct Row {
    number: usize,
    cells: Vec<Cell>,
    /// What is wrong with the line as a whole.
    errors: Vec<String>,
}

/// A value of a line, with what is wrong with it.
struct Cell {
    label: &'static str,
    value: String,
    errors: Vec<String>,
}

/// The columns of the table, with their labels.
const COLUMNS: [(Column, &str); 4] = [
    (Column::Owner, "Owner"),
    (Column::Phone, "Phone"),
    (Column::Groups, "Groups"),
    (Column::Comment, "Comment"),
];

impl Preview {
    fn of(checked: &Checked, list: &str, is_ready: bool) -> Self {
        let (right, wrong): (Vec<_>, Vec<_>) = checked.lines.iter().partition(|line| line.wanted.is_some());
        let ready = is_ready.then(|| (JobId::generate(), list::digest(list)));
        let rows = |lines: Vec<&CheckedLine>| lines.into_iter().map(Row::of).collect();
        Self { wrong: rows(wrong), right: rows(right), ready }
    }

    fn lines(&self) -> usize {
        self.wrong.len() + self.right.len()
    }
}

impl Row {
    fn of(line: &CheckedLine) -> Self {
        let errors = |column| {
            let about = line.errors.iter().filter(|(about, _)| *about == column);
            about.map(|(_, code)| sentence(code)).collect()
        };
        let cells = COLUMNS.map(|(column, label)| {
            let value = match column {
                Column::Groups => line.typed.group_names().collect::<Vec<_>>().join(", "),
                Column::Owner | Column::Phone | Column::Comment => line.typed.value(column).to_owned(),
            };
            Cell { label, value, errors: errors(Some(column)) }
        });
        Self { number: line.typed.number, cells: cells.into(), errors: errors(None) }
    }
}

impl ManyPage {
    fn of(app: &State, may: &May<can::AddAccount>, form: FormState<ListForm>) -> Self {
        let lifetimes = lifetimes(app, &form.values.hours);
        let can_email = app.mailer.is_some();
        Self { layout: Layout::of(app, &may.actor), form, lifetimes, can_email, preview: None }
    }
}

pub async fn form(app: AppState, may: May<can::AddAccount>) -> Result<Response, AppError> {
    let page = ManyPage::of(&app, &may, FormState::new(ListForm::default()));
    html_with(StatusCode::OK, &page)
}

/// Checks the list, or begins to create the invites of one that was checked.
pub async fn submit(app: AppState, may: May<can::AddAccount>, upload: Upload) -> Result<Response, AppError> {
    let mut values = ListForm {
        list: upload.text("list"),
        comment: upload.text("comment"),
        hours: upload.text("hours"),
        email: upload.text("email") == "yes",
    };
    values.list = match list_of(&upload) {
        Ok(list) => list,
        Err(fault) => return page(&app, &may, values, Some(OpError::invalid("list", fault)), None),
    };
    let comment = values.comment.trim().to_owned();
    let common = Common { hours: lifetime(&values.hours), comment, email: values.email };
    let mut failed = list::check_common(&app, &common).err();
    let job = upload.text("job").parse::<JobId>();
    if let (None, Ok(job), "create") = (&failed, job, upload.text("action").as_str()) {
        let seen = upload.text("checked");
        match list::begin(&app, may.grant(), (&values.list, &seen), &common, job).await {
            Ok(job) => return Ok(Redirect::to(&paths::invites_list_job(job)).into_response()),
            Err(error) => failed = Some(error),
        }
    }
    let conn = &mut app.db.read().await?;
    let checked = list::preview(&app, conn, &may.actor, &values.list, &common).await?;
    let failed = failed.or_else(|| checked.wanted().err().map(|fault| OpError::invalid("list", fault)));
    page(&app, &may, values, failed, Some(&checked))
}

fn page(
    app: &State,
    may: &May<can::AddAccount>,
    values: ListForm,
    failed: Option<OpError>,
    checked: Option<&Checked>,
) -> Result<Response, AppError> {
    let is_right = checked.is_some_and(|checked| checked.wanted().is_ok());
    // Of a list that was changed meanwhile, what is shown now can be confirmed.
    let may_go_on = match &failed {
        None => true,
        Some(OpError::Invalid { code, .. }) => *code == ListFault::Changed.into(),
        Some(_) => false,
    };
    let preview = checked
        .filter(|checked| !checked.lines.is_empty())
        .map(|checked| Preview::of(checked, &values.list, is_right && may_go_on));
    let (status, form) = match failed {
        Some(error) => FormState::rejected(values, error)?,
        None => (StatusCode::OK, FormState::new(values)),
    };
    html_with(status, &ManyPage { preview, ..ManyPage::of(app, may, form) })
}

/// The list that was sent: the file if one was chosen, else the text.
fn list_of(upload: &Upload) -> Result<String, ListFault> {
    let file = upload.bytes("file");
    let list = invite_list::decode(if file.is_empty() { upload.bytes("list") } else { file })?;
    if list.trim().is_empty() { Err(ListFault::Empty) } else { Ok(list) }
}
