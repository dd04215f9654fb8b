//! Seeing a secret of some accounts takes two people: one who requests it, and one who approves.

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, place, ready_account};
use crate::support::stack::Stack;
use crate::support::text::has_word;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const SECOND: &str = "second@example.org";
const PASSWORD: &str = "Wiesenpieper 23";
const WHY: &str = "The front desk has a new phone and Ada is on leave until Monday";

fn message(code: &str) -> String {
    format!("Login code: {code}. Do not give this code to anyone, even if they say they are from Telegram!")
}

/// Two administrators, and an account in a group that requires approvals.
async fn begin() -> (Stack, Visitor, Row) {
    let admins = format!("{ADMIN},{SECOND}");
    let stack = Stack::start_with_settings(&[("ADMIN_EMAILS", &admins)]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    Visitor::sign_in(&stack, SECOND).await;
    let account = ready_account(&stack, &visitor, None).await;
    let form = [("groups", "Board"), ("comment", "The board's own number")];
    edit(&visitor, &account.id, &form).await;
    visitor.does(&format!("/accounts/{}/password", account.id), &[("password", PASSWORD)]).await;
    stack.tamper("update account_groups set reveals_need_approval = true where name = 'Board'").await;
    (stack, visitor, account)
}

async fn open_as(person: &str, scripts: Scripts, stack: &Stack) -> Browser {
    let browser = Browser::open(scripts).await;
    browser.goto(&stack.url("/")).await;
    browser.fill("[name='email']", person).await;
    browser.press("Sign in", "main").await;
    browser.find("form[action='/sign-out']").await;
    browser
}

async fn asks(browser: &Browser) {
    browser.fill("[name='reason']", WHY).await;
    browser.press("Request approval", place(browser.scripts())).await;
}

async fn presses(browser: &Browser, word: &str) {
    browser.click(&format!("#reveals form button{word}")).await;
}

const APPROVE: &str = ".primary";
const REFUSE: &str = "[formaction]";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_approved_and_both_pages_follow() {
    let (stack, visitor, account) = begin().await;
    let page = format!("/accounts/{}", account.id);
    stack.phones().send_message(&account.phone, &message("01234")).await;
    let asking = open_as(ADMIN, Scripts::On, &stack).await;
    let deciding = open_as(SECOND, Scripts::On, &stack).await;
    let mut found = Vec::new();
    asking.goto(&stack.url(&page)).await;
    asking.press("Show login code", "main").await;
    assert!(asking.text("#approval").await.contains("second@example.org can approve it"));
    asking.pictures("approval-1-needed").await;
    found.extend(barriers(&asking, "approval needed").await);
    asks(&asking).await;
    asking.find("#approval .moving").await;
    asking.pictures("approval-2-waiting").await;
    found.extend(barriers(&asking, "approval waiting").await);
    asking.mark().await;

    // The approver is on another page and sees the pending count.
    until_true("the header says so", STEP, async || deciding.has("nav .count").await).await;
    assert!(deciding.text("nav .count").await.starts_with('1'));
    deciding.press("Approvals 1 pending", "nav").await;
    assert!(deciding.text("#reveals").await.contains(WHY));
    deciding.fill("#reveals textarea", "I know of it").await;
    visitor.does(&format!("{page}/password/reveal/request"), &[("reason", "The same again")]).await;
    until_true("the next request appears", STEP, async || {
        deciding.text("#reveals").await.contains("The same again")
    })
    .await;
    let typed = "Array.from(document.querySelectorAll('#reveals textarea'), (it) => it.value).join()";
    let typed: String = deciding.value(typed).await;
    assert_eq!(typed, "I know of it,", "new requests come last, and typed text stays in place");
    assert!(deciding.is_true("document.activeElement.value === 'I know of it'").await, "typing goes on");
    deciding.pictures("approval-3-reveals").await;
    found.extend(barriers(&deciding, "reveals").await);
    presses(&deciding, APPROVE).await;
    until_true("the approver's list has one less", STEP, async || {
        deciding.text("nav .count").await.starts_with('1')
    })
    .await;
    assert!(deciding.text("#decided").await.contains("I know of it"));
    // The card was replaced by the live update, perhaps before the answer came; that is shown all the same.
    until_true("the outcome is told", STEP, async || {
        deciding.text("#toasts").await.contains("Approved: login code of +")
    })
    .await;

    until_true("the requester's page is updated", STEP, async || {
        asking.text("#approval").await.contains("Approved by second@example.org: “I know of it”")
    })
    .await;
    assert!(asking.is_marked().await);
    asking.pictures("approval-4-approved").await;
    found.extend(barriers(&asking, "approval given").await);
    asking.press("Show login code", "#dialog").await;
    assert_eq!(asking.text("output.secret").await, "01234");
    until_true("the approval was used", STEP, async || {
        deciding.text("#decided").await.contains("Approved and used")
    })
    .await;

    // The other request is declined while its page is open.
    asking.goto(&stack.url(&format!("{page}/password/reveal"))).await;
    asking.find("#approval .moving").await;
    deciding.fill("#reveals textarea", "One is enough").await;
    presses(&deciding, REFUSE).await;
    until_true("this outcome is told, too", STEP, async || {
        deciding.text("#toasts").await.contains("Declined: two-step password of +")
    })
    .await;
    until_true("the request is declined", STEP, async || {
        asking.text("#approval").await.contains("second@example.org declined your request: “One is enough”")
    })
    .await;
    asking.pictures("approval-5-refused").await;
    found.extend(barriers(&asking, "approval refused").await);
    deciding.find("#no-reveals").await;
    assert!(!deciding.has("nav .count").await);
    found.extend(barriers(&deciding, "reveals decided").await);
    deciding.pictures("approval-6-decided").await;
    for browser in [asking, deciding] {
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_can_be_used_for_the_next_code() {
    let (stack, _, account) = begin().await;
    let browser = open_as(ADMIN, Scripts::On, &stack).await;
    let second = Visitor::sign_in(&stack, SECOND).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.press("Show login code", "main").await;
    asks(&browser).await;
    browser.find("#approval .moving").await;
    let list = second.get("/reveals").await.text().await.unwrap();
    let approve = list.split('"').find(|part| part.ends_with("/approve")).unwrap();
    second.does(approve, &[("note", "")]).await;
    browser.press("Wait for the next code", "#dialog").await;
    browser.find("#awaited").await;
    stack.phones().send_message(&account.phone, &message("56789")).await;
    assert_eq!(browser.text("output.secret").await, "56789");
    assert_eq!(browser.complaints().await, [""; 0]);
    let again = second.post(approve, &[("note", "")]).await;
    assert_eq!(again.status(), 409);
    assert!(again.text().await.unwrap().contains("has already approved this, and the approval was used"));
    browser.close().await;
}

/// Telescope is killed in between; requests survive that.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_works_without_javascript_and_survives_a_crash() {
    let (mut stack, visitor, account) = begin().await;
    let page = format!("/accounts/{}", account.id);
    let asking = open_as(ADMIN, Scripts::Off, &stack).await;
    let deciding = open_as(SECOND, Scripts::Off, &stack).await;
    asking.goto(&stack.url(&page)).await;
    asking.press("Show two-step password", "main").await;
    asks(&asking).await;
    asking.find("#approval .moving").await;
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    asking.press("Refresh", "main").await;
    asking.find("#approval .moving").await;

    deciding.goto(&stack.url("/accounts")).await;
    until_true("the header says so", STEP, async || {
        deciding.reload().await;
        deciding.has("nav .count").await
    })
    .await;
    deciding.goto(&stack.url("/reveals")).await;
    deciding.pictures("approval-plain-reveals").await;
    presses(&deciding, APPROVE).await;
    deciding.find("#decided").await;

    asking.press("Refresh", "main").await;
    asking.find("#approval .good").await;
    asking.pictures("approval-plain-approved").await;
    asking.press("Show password", "main").await;
    assert_eq!(asking.text("output.secret").await, PASSWORD);
    asking.goto(&stack.url(&format!("{page}/password/reveal"))).await;
    assert!(asking.text("#approval").await.contains("it was valid once"));
    assert!(!asking.text("body").await.contains(PASSWORD));
    let trail = visitor.get("/audit").await.text().await.unwrap();
    for code in ["reveal.requested", "reveal.approved", "password.shown"] {
        assert!(trail.contains(&format!(">{code}<")), "{code}");
    }
    for browser in [asking, deciding] {
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_a_code_is_shown_and_every_approver_is_told() {
    let (stack, visitor, account) = begin().await;
    let second = Visitor::sign_in(&stack, SECOND).await;
    let page = format!("/accounts/{}/code", account.id);
    stack.phones().send_message(&account.phone, &message("01234")).await;
    let emergency = async |reason: &str| {
        let answer = visitor.post(&format!("{page}/emergency"), &[("reason", reason)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, said) = emergency(WHY).await;
    assert!(status == 409 && said.contains("allow emergency access"), "{status} {said}");
    assert!(!visitor.get(&page).await.text().await.unwrap().contains("Emergency access"));

    let group = visitor.get("/groups").await.text().await.unwrap();
    let group = group.split('"').find(|part| part.starts_with("/groups/") && part.len() == 44).unwrap();
    visitor.does(&format!("{group}/emergency"), &[("allowed", "yes")]).await;
    assert!(visitor.get(&page).await.text().await.unwrap().contains("Emergency access"));
    let (status, said) = emergency(" ").await;
    assert!(status == 422 && !has_word(&said, "01234"), "{status} {said}");
    assert!(!second.get("/jobs").await.text().await.unwrap().contains("without approval"));
    let mut stream = second.stream("/jobs/events").await;
    until_true("the code is shown", STEP, async || has_word(&emergency(WHY).await.1, "01234")).await;
    until_true("an open page of the approver says so", STEP, async || {
        let chunk = stream.chunk().await.unwrap().unwrap_or_default();
        String::from_utf8_lossy(&chunk).contains("viewed a login code of")
    })
    .await;
    let told = second.get("/jobs").await.text().await.unwrap();
    assert!(told.contains(ADMIN) && told.contains(WHY) && told.contains("without approval"), "{told}");
    let trail = visitor.get("/audit?code=login.code.emergency").await.text().await.unwrap();
    assert!(trail.contains(WHY) && trail.contains(">Emergency<"), "{trail}");
    let history = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(history.contains("without approval, in an emergency"), "{history}");
    // A stored password needs the approval all the same.
    let answer = visitor.post(&format!("/accounts/{}/password/reveal", account.id), &[("reason", WHY)]).await;
    assert_eq!(answer.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_tells_of_what_comes_while_a_person_looks_elsewhere() {
    let (stack, visitor, account) = begin().await;
    let approver = open_as(SECOND, Scripts::On, &stack).await;
    approver.goto(&stack.url("/jobs")).await;
    let title = async || approver.value::<String>("document.title").await;
    let plain = title().await;
    // Another window is in front of this one.
    assert!(approver.is_true("(document.hasFocus = () => false, !document.hasFocus())").await);
    let request = format!("/accounts/{}/code/request", account.id);
    visitor.does(&request, &[("reason", WHY)]).await;
    until_true("the title counts the request", STEP, async || title().await == format!("(1) {plain}")).await;
    visitor.does(&format!("/accounts/{}/password/reveal/request", account.id), &[("reason", WHY)]).await;
    until_true("and the next one", STEP, async || title().await == format!("(2) {plain}")).await;
    assert!(approver.is_true("(dispatchEvent(new Event('focus')), true)").await);
    assert_eq!(title().await, plain);
    assert_eq!(approver.complaints().await, [""; 0]);
    approver.close().await;
}
