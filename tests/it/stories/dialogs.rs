//! Dialogs close when people want it, open when people ask for it, and leave the focus where it was.

use thirtyfour::Key;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const OPEN: &str = "document.getElementById('dialog').open";

async fn is(browser: &Browser, what: &str) {
    until_true(what, STEP, async || browser.is_true(what).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_entered_in_a_dialog_is_not_lost_without_a_question() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;

    // Nothing entered: not by a click beside, but by the key and by the button.
    for close in ["key", "button"] {
        browser.click("#edit").await;
        browser.find("#dialog #comment").await;
        browser.click_at(3, 450).await;
        assert!(browser.is_true(OPEN).await, "a click beside closes nothing");
        match close {
            "key" => browser.key(Key::Escape).await,
            _ => browser.click("#dialog > .close").await,
        }
        is(&browser, &format!("!{OPEN}")).await;
        is(&browser, "document.activeElement.id === 'edit'").await;
    }

    browser.click("#edit").await;
    browser.fill("#dialog #comment", "A long comment").await;
    browser.click_at(3, 450).await;
    assert!(browser.is_true(OPEN).await);
    let kept = "document.getElementById('comment').value === 'A long comment'";
    for _ in 0..3 {
        browser.key(Key::Escape).await;
        browser.find("#unsaved").await;
        browser.key(Key::Escape).await;
        is(&browser, &format!("{OPEN} && document.getElementById('unsaved').hidden && {kept}")).await;
        is(&browser, "document.activeElement.id === 'comment'").await;
    }
    browser.click("#dialog > .close").await;
    browser.press("Keep editing", "#unsaved").await;
    assert!(browser.is_true(&format!("{OPEN} && {kept}")).await);
    // Refused by the server, the text is still unsaved.
    browser.fill("#dialog #owner", "not@an@address").await;
    browser.run("document.querySelector('#dialog form').noValidate = true").await;
    browser.press("Save", "#dialog").await;
    browser.find("#owner-error").await;
    browser.key(Key::Escape).await;
    browser.find("#unsaved").await;
    browser.picture("dialog-unsaved").await;
    browser.press("Discard", "#unsaved").await;
    is(&browser, &format!("!{OPEN}")).await;
    browser.click("#edit").await;
    browser.find("#dialog #comment").await;
    assert!(!browser.is_true(kept).await, "it was discarded");
    browser.fill("#dialog #comment", "Saved").await;
    browser.press("Save", "#dialog").await;
    is(&browser, &format!("!{OPEN}")).await;
    until_true("the comment is on the page", STEP, async || browser.text("#facts").await.contains("Saved"))
        .await;
    assert!(browser.is_true("document.getElementById('unsaved').hidden").await, "what is saved asks nothing");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_told_to_who_asked_for_it_and_opens_no_dialog_for_others() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = stack.url(&format!("/accounts/{}", account.id));
    visitor.does("/sign-out", &[]).await;
    let (remover, other) = (Browser::open(Scripts::On).await, Browser::open(Scripts::On).await);
    for browser in [&remover, &other] {
        sign_in(browser, &stack).await;
        browser.goto(&page).await;
        browser.find("#step").await;
    }
    remover.press("Remove account", "#actions").await;
    remover.fill("#dialog #digits", &account.phone[account.phone.len() - 4..]).await;
    remover.press("Remove account", "#dialog").await;
    for browser in [&remover, &other] {
        until_true("the page says that the account was removed", STEP * 2, async || {
            browser.text("#whole").await.contains("This account was removed.")
        })
        .await;
        assert!(!browser.is_true(OPEN).await, "no dialog opens, and the one that was open has closed");
    }
    until_true("the one who removed it is told", STEP, async || {
        remover.text("#toasts").await.contains("Account removed.")
    })
    .await;
    remover.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_focus_stays_after_a_button_that_disables_itself_or_goes() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.find("#send-code").await;
    browser.run("document.getElementById('send-code').focus()").await;
    browser.key(Key::Enter).await;
    browser.find("#code-sent").await;
    browser.find("#send-code[disabled]").await;
    let is_in = |place: &str| format!("document.querySelector('{place}').contains(document.activeElement)");
    is(&browser, &is_in("#step")).await;
    browser.pictures("account-code-sent").await;
    // The button rests, and comes back by itself.
    browser.until_shown("#send-code:not([disabled])", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);

    browser.run("document.getElementById('disconnect').focus()").await;
    browser.key(Key::Enter).await;
    browser.until_shown("#step[data-stage='disconnected']", STEP).await;
    is(&browser, &is_in("#main")).await;
    browser.run("document.getElementById('connect').focus()").await;
    browser.key(Key::Enter).await;
    browser.until_shown("#step[data-stage='wait-code']", STEP).await;
    is(&browser, &is_in("#step")).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}
