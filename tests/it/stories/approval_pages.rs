//! The pages of approvals, emergencies and people's changes: no accessibility violations, and never too wide.

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, added_account, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const SECOND: &str = "second@example.org";
const WHY: &str = "The phone was lost on a train";

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_approvals_and_questions_are_accessible() {
    let stack = Stack::start_with_settings(&[("ADMIN_EMAILS", &format!("{ADMIN},{SECOND}"))]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    Visitor::sign_in(&stack, SECOND).await;
    Visitor::sign_in(&stack, "ada@example.org").await;
    let account = ready_account(&stack, &visitor, None).await;
    let fresh = added_account(&visitor).await;
    visitor.until_stage(&fresh.id, "signed-out", STEP).await;
    edit(&visitor, &account.id, &[("groups", "Board"), ("comment", "The board's own number")]).await;
    let link = async |page: &str, start: &str| {
        let html = visitor.get(page).await.text().await.unwrap();
        html.split('"')
            .find(|part| part.starts_with(start) && part.len() == start.len() + 36)
            .unwrap()
            .to_owned()
    };
    let group = link("/groups", "/groups/").await;
    let person = link("/users?q=ada", "/users/").await;
    visitor.does(&format!("{group}/approval"), &[("needed", "yes"), ("step", "save")]).await;
    visitor.does(&format!("{group}/emergency"), &[("allowed", "yes"), ("step", "save")]).await;
    let page = |part: &str| format!("/accounts/{}{part}", account.id);
    visitor.does(&page("/code/request"), &[("reason", WHY)]).await;
    let emergency = visitor.post(&page("/code/emergency/wait"), &[("reason", WHY)]).await;
    assert_eq!(emergency.status(), 200);

    let mut found = Vec::new();
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&stack.url("/")).await;
    browser.fill("[name='email']", ADMIN).await;
    browser.press("Sign in", "main").await;
    browser.find("form[action='/sign-out']").await;
    let number = format!("/accounts/{}/number", fresh.id);
    for (path, name) in [
        ("/about", "about"),
        ("/about/security", "about security"),
        ("/reveals/mine", "my requests"),
        (&number, "number"),
        (&page(""), "account with a request"),
        (&page("/code"), "emergency access"),
        (&group, "group with approval"),
        (&person, "person to change"),
        (&format!("{group}/approval?needed=no"), "approval question"),
        (&format!("{person}/end-sessions"), "sign out everywhere question"),
        (&format!("{person}/disable"), "block question"),
        (&format!("{person}/grant-admin"), "make admin question"),
        ("/access/explain?person=ada%40example.org", "explain"),
    ] {
        browser.goto(&stack.url(path)).await;
        found.extend(barriers(&browser, name).await);
    }
    assert!(found.is_empty(), "{} barriers:\n{}", found.len(), found.join("\n"));
    browser.close().await;
}
