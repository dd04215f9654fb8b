//! The form that edits an account, filled in as a person would.

use scraper::{ElementRef, Html, Selector};

use super::visitor::Visitor;

/// A form's fields, and what is left for the next time.
pub struct Filled {
    /// The fields as they are sent.
    pub fields: Vec<(String, String)>,
    /// Whether there are more new groups than one form creates.
    pub unfinished: bool,
}

/// The form on this page, with these values in place of its own. `groups` names all groups of the account, separated by
/// commas; the form creates the first that does not exist.
pub fn filled(page: &str, values: &[(&str, &str)]) -> Filled {
    let page = Html::parse_document(page);
    let all = |css: &str| -> Vec<ElementRef<'_>> { page.select(&Selector::parse(css).unwrap()).collect() };
    let value =
        |css: &str| all(css).first().and_then(|field| field.attr("value")).unwrap_or_default().to_owned();
    let given =
        |name: &str| values.iter().find(|(field, _)| *field == name).map(|(_, value)| (*value).to_owned());
    let comment = || all("#comment").first().map(|field| field.text().collect()).unwrap_or_default();
    let mut fields = vec![
        ("version".to_owned(), value("input[name=version]")),
        ("owner".to_owned(), given("owner").unwrap_or_else(|| value("#owner"))),
        ("comment".to_owned(), given("comment").unwrap_or_else(comment)),
        ("group".to_owned(), String::new()),
    ];
    let names: Option<Vec<String>> = given("groups").map(|groups| {
        groups.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
    });
    let mut known = Vec::new();
    for label in all("#groups label.tick") {
        let name = label.text().collect::<String>().trim().to_lowercase();
        let tick = label.select(&Selector::parse("input").unwrap()).next().unwrap();
        let ticked = names.as_ref().map_or(tick.attr("checked").is_some(), |names| names.contains(&name));
        if ticked {
            fields.push(("group".to_owned(), tick.attr("value").unwrap().to_owned()));
        }
        known.push(name);
    }
    let wanted = given("groups").unwrap_or_default();
    let mut new = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut new = new.by_ref().filter(|name| !known.contains(&name.to_lowercase()));
    let created = given("new_group").or_else(|| new.next().map(str::to_owned));
    let unfinished = new.next().is_some();
    fields.push(("new_group".to_owned(), created.unwrap_or_default()));
    Filled { fields, unfinished }
}

/// Edits an account.
pub async fn edit(visitor: &Visitor, account: &str, values: &[(&str, &str)]) {
    let path = format!("/accounts/{account}/edit");
    loop {
        let page = visitor.get(&path).await.text().await.unwrap();
        let Filled { fields, unfinished } = filled(&page, values);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visitor.does(&path, &fields).await;
        if !unfinished {
            return;
        }
    }
}
