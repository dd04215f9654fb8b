//! Explains a person's access to an account, for the terminal.

use std::collections::HashMap;
use std::fmt::Write;

use crate::config::Config;
use crate::domain::access::{DenyReason, Explained, Person, Policy, Source, explain, explain_system};
use crate::domain::error::ErrorCode;
use crate::domain::{Account, Email, GroupId, Identifier, RequestInfo, RoleId};
use crate::ops::OpError;
use crate::store::{self, Conn};

struct Names {
    roles: HashMap<RoleId, String>,
    groups: HashMap<GroupId, String>,
}

pub(crate) async fn read(
    conn: &mut Conn<'_>,
    config: &Config,
    email: &Email,
    named: &Identifier,
) -> Result<String, OpError> {
    let rules = Policy::new(&store::rules::load(conn).await?, config.sso.owner_privileges);
    let user = store::users::by_email(conn, email)
        .await?
        .ok_or_else(|| OpError::Refused(ErrorCode::UnknownUser { email: email.to_string() }))?;
    let accounts = store::accounts::all(conn).await?;
    let account = accounts.into_iter().find(|it| it.identifier == *named);
    let account =
        account.ok_or_else(|| OpError::Refused(ErrorCode::UnknownAccount { phone: named.to_string() }))?;
    let names = Names {
        roles: store::roles::all(conn).await?.into_iter().map(|role| (role.id, role.name)).collect(),
        groups: store::groups::all(conn).await?.into_iter().map(|group| (group.id, group.name)).collect(),
    };
    let person = Person {
        id: user.id,
        email: user.email,
        verified: true,
        admin: user.admin,
        confirmed: None,
        origin: RequestInfo::default(),
    };
    let mut text = about(&person, user.disabled, &account, &rules, &names);
    let _ = writeln!(text, "\nPermissions on {}:", account.identifier);
    for line in explain(&rules, &person, &account) {
        line_of(&mut text, line.privilege.name(), &line, &names);
    }
    let _ = writeln!(text, "\nSystem permissions:");
    for line in explain_system(&rules, &person) {
        line_of(&mut text, line.privilege.name(), &line, &names);
    }
    Ok(text)
}

fn about(person: &Person, disabled: bool, account: &Account, rules: &Policy, names: &Names) -> String {
    let mut text = String::new();
    let roles: Vec<&str> = rules
        .roles_of(person.id)
        .iter()
        .filter_map(|role| names.roles.get(role))
        .map(String::as_str)
        .collect();
    let groups: Vec<&str> =
        account.groups.iter().filter_map(|group| names.groups.get(group)).map(String::as_str).collect();
    let or_none = |list: Vec<&str>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let _ = writeln!(text, "{} has roles: {}", person.email, or_none(roles));
    let _ = writeln!(text, "{} is in groups: {}", account.identifier, or_none(groups));
    if disabled {
        let _ =
            writeln!(text, "{} is blocked, so none of this counts until they are unblocked.", person.email);
    }
    text
}

fn line_of<P>(text: &mut String, name: &str, line: &Explained<P>, names: &Names) {
    let sources: Vec<String> = line.sources.iter().map(|source| source_words(source, names)).collect();
    let _ = match line.withheld {
        None => writeln!(text, "  yes  {name}: {}", sources.join("; ")),
        Some(DenyReason::NoRule) => writeln!(text, "  no   {name}: not granted"),
        Some(DenyReason::Unverified) => {
            writeln!(text, "  no   {name}: owner, but the address is not verified")
        }
        Some(DenyReason::Leaving) => writeln!(text, "  no   {name}: the account is being removed"),
    };
}

fn source_words(source: &Source, names: &Names) -> String {
    let role = |id: &RoleId| names.roles.get(id).map_or("?", String::as_str).to_owned();
    match source {
        Source::Administrator => "administrator".into(),
        Source::Owner => "owner, if the identity provider verifies the address".into(),
        Source::Role { role: id, group } => {
            let group = names.groups.get(group).map_or("?", String::as_str);
            format!("role “{}” in the group “{group}”", role(id))
        }
        Source::System { role: id } => format!("role “{}”", role(id)),
    }
}
