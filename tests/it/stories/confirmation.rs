//! Before a secret of some accounts is shown, a person confirms that they are still the one who signed in.

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, added_account, place, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::text::has_word;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const PASSWORD: &str = "Sumpfrohrsänger 8";
const WHY: &str = "The front desk has a new phone";

/// Puts the account into a group that requires it, by the pages.
async fn requires_it(visitor: &Visitor, account: &Row) {
    edit(visitor, &account.id, &[("groups", "Board"), ("comment", "")]).await;
    let groups = visitor.get("/groups").await.text().await.unwrap();
    let group = groups.split('"').find(|part| part.starts_with("/groups/") && part.len() == 44).unwrap();
    visitor.does(&format!("{group}/confirmation"), &[("needed", "yes")]).await;
}

async fn confirms(browser: &Browser) {
    browser.fill("main [name='email']", ADMIN).await;
    browser.press("Confirm identity", "main").await;
}

async fn looking(scripts: Scripts, name: &str) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    visitor.does(&format!("{page}/password"), &[("password", PASSWORD)]).await;
    requires_it(&visitor, &account).await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    let mut found = Vec::new();

    browser.goto(&stack.url(&page)).await;
    browser.press("Show two-step password", "main").await;
    let at = place(scripts);
    assert!(browser.text(&format!("{at} .confirm")).await.contains("Confirm your identity first"));
    browser.pictures(&format!("{name}-1-step")).await;
    if scripts == Scripts::On {
        found.extend(barriers(&browser, "confirmation needed").await);
    }
    browser.press("Confirm identity", &format!("{at} .confirm")).await;
    browser.find("main form[action='/confirm-identity']").await;
    browser.pictures(&format!("{name}-2-page")).await;
    if scripts == Scripts::On {
        found.extend(barriers(&browser, "confirm identity").await);
    }
    browser.fill("main [name='email']", "someone.else@example.org").await;
    browser.press("Confirm identity", "main").await;
    assert!(browser.text("main [role='alert']").await.contains("Another person signed in"));
    // Chromium logs the refusal itself.
    assert_eq!(browser.complaints().await.len(), 1);
    browser.pictures(&format!("{name}-3-refused")).await;
    if scripts == Scripts::On {
        found.extend(barriers(&browser, "confirmation refused").await);
    }
    confirms(&browser).await;
    // Back at the form, which is a page of its own now.
    browser.fill("main [name='reason']", WHY).await;
    browser.press("Show password", "main").await;
    assert_eq!(browser.text("output.secret").await, PASSWORD);
    assert_eq!(browser.complaints().await, [""; 0]);
    if scripts == Scripts::On {
        browser.goto(&stack.url("/confirm-identity?next=/jobs")).await;
        found.extend(barriers(&browser, "identity confirmed").await);
        let groups = visitor.get("/groups").await.text().await.unwrap();
        let group = groups.split('"').find(|part| part.starts_with("/groups/") && part.len() == 44).unwrap();
        browser.goto(&stack.url(group)).await;
        browser.pictures(&format!("{name}-4-group")).await;
        found.extend(barriers(&browser, "group that requires it").await);
        browser.press("Stop requiring identity confirmation…", "main").await;
        browser.find(".effects").await;
        browser.pictures(&format!("{name}-5-stop")).await;
        found.extend(barriers(&browser, "stop requiring it").await);
    }
    browser.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_shown_after_the_person_confirmed() {
    looking(Scripts::On, "confirmation").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_shown_after_the_person_confirmed_without_javascript() {
    looking(Scripts::Off, "confirmation-plain").await;
}

/// A code that is awaited in a session with a confirmation is shown there, and in no other session of the person.
#[tokio::test(flavor = "multi_thread")]
async fn an_awaited_code_is_shown_in_the_session_that_has_the_confirmation() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    requires_it(&visitor, &account).await;
    let code = format!("/accounts/{}/code", account.id);
    let text = |code: &str| {
        format!(
            "Login code: {code}. Do not give this code to anyone, even if they say they are from Telegram!"
        )
    };
    stack.phones().send_message(&account.phone, &text("01234")).await;
    let reveal = async |who: &Visitor, path: &str| {
        let answer = who.post(path, &[("reason", WHY)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let unconfirmed = Visitor::sign_in(&stack, ADMIN).await;
    for path in [code.clone(), format!("{code}/wait"), format!("{code}/emergency")] {
        let (status, said) = reveal(&unconfirmed, &path).await;
        assert!(
            status == 409 && said.contains("Confirm identity") && !has_word(&said, "01234"),
            "{path}: {said}"
        );
    }
    visitor.does("/confirm-identity", &[("email", ADMIN), ("next", &code)]).await;
    until_true("the code is shown", STEP, async || has_word(&reveal(&visitor, &code).await.1, "01234")).await;
    let (status, said) = reveal(&unconfirmed, &code).await;
    assert!(status == 409 && !has_word(&said, "01234"), "{status} {said}");

    let (status, said) = reveal(&visitor, &format!("{code}/wait")).await;
    assert!(status == 200 && said.contains("Waiting for the next code"), "{status} {said}");
    let mut foreign = unconfirmed.stream(&format!("{code}/events")).await;
    stack.phones().send_message(&account.phone, &text("56789")).await;
    let mut told = String::new();
    while let Some(chunk) = foreign.chunk().await.unwrap() {
        told.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(told.contains("its confirmation is older than five minutes"), "{told}");
    assert!(!has_word(&told, "56789"), "{told}");
    let (status, said) = reveal(&unconfirmed, &format!("{code}/look")).await;
    assert!(status == 409 && !has_word(&said, "56789"), "{status} {said}");
    // The wait goes on for the session that began it.
    let (status, said) = reveal(&visitor, &format!("{code}/look")).await;
    assert!(status == 200 && has_word(&said, "56789"), "{status} {said}");
}
