//! Searching for accounts: the list follows what is typed, and stays live.

use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const ADA: &str = "9996621001";
const BOB: &str = "9996621002";
const EVE: &str = "9996621003";

/// Accounts of three people.
async fn accounts(visitor: &Visitor) {
    for (number, owner, comment) in [
        (ADA, "ada@example.org", "north"),
        (BOB, "bob@example.org", "north"),
        (EVE, "eve@example.org", "south"),
    ] {
        visitor
            .does(
                "/accounts/add",
                &[("phone", &format!("+{number}")), ("owner", owner), ("comment", comment)],
            )
            .await;
    }
}

async fn until_listed(browser: &Browser, listed: &[&str], not: &[&str]) {
    until_true(&format!("{listed:?} are listed, {not:?} are not"), SOON, async || {
        for number in listed {
            if !browser.has(&row(number)).await {
                return false;
            }
        }
        for number in not {
            if browser.has(&row(number)).await {
                return false;
            }
        }
        true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_what_is_typed_and_stays_live() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    accounts(&visitor).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    until_listed(&browser, &[ADA, BOB, EVE], &[]).await;
    browser.mark().await;

    browser.find("#q").await.send_keys("nort").await.unwrap();
    until_listed(&browser, &[ADA, BOB], &[EVE]).await;
    browser.find("#q").await.send_keys("h").await.unwrap();
    until_true("the URL contains the search", SOON, async || {
        browser.is_true("location.pathname + location.search === '/accounts?q=north'").await
    })
    .await;
    assert!(
        browser
            .is_true("document.activeElement.id === 'q' && document.activeElement.value === 'north'")
            .await
    );
    assert_eq!(
        browser.value::<String>("document.getElementById('found').textContent").await,
        "2 matching accounts"
    );

    // Another person changes accounts: rows appear and disappear according to the new search.
    let rows = visitor.rows().await;
    let page = |number: &str| {
        let row = rows.iter().find(|row| row.phone == number).expect("it is listed");
        row.id.clone()
    };
    edit(&visitor, &page(EVE), &[("owner", "eve@example.org"), ("comment", "now north")]).await;
    until_listed(&browser, &[ADA, BOB, EVE], &[]).await;
    edit(&visitor, &page(ADA), &[("owner", "ada@example.org"), ("comment", "south")]).await;
    until_listed(&browser, &[BOB, EVE], &[ADA]).await;
    assert!(browser.is_true("document.activeElement.id === 'q'").await, "the focus stays");

    browser.click("#owner-filter option:nth-child(4)").await;
    until_listed(&browser, &[BOB], &[ADA, EVE]).await;
    browser.press("Clear filters", "#summary").await;
    until_listed(&browser, &[ADA, BOB, EVE], &[]).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.pictures("searching").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_button_searches() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    accounts(&visitor).await;
    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    browser.fill("#q", "north").await;
    browser.press("Search", ".search").await;
    until_listed(&browser, &[ADA, BOB], &[EVE]).await;
    browser.click("#owner-filter option:nth-child(4)").await;
    browser.press("Search", ".search").await;
    until_listed(&browser, &[BOB], &[ADA, EVE]).await;
    browser.close().await;
}
