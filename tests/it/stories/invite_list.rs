//! Two hundred people are invited with a list, and the server is killed in the middle: each gets one invite.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, sign_in};
use crate::support::sqlite;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until;

const PEOPLE: usize = 200;

fn list() -> String {
    let mut list = String::from("owner,phone,comment\n");
    for number in 0..PEOPLE {
        writeln!(list, "person{number}@example.org,+9996622{number:03},Desk {number}").unwrap();
    }
    list
}

async fn invites(stack: &Stack) -> usize {
    let count = sqlite::number(&stack.data("telescope.db"), "select count(*) from invites").await;
    usize::try_from(count).unwrap()
}

/// The lines of the file with the links.
async fn links(visitor: &Visitor, path: &str) -> Vec<Vec<String>> {
    let file = visitor.post(&format!("{path}/result"), &[]).await;
    assert_eq!(file.status(), 200);
    let text = file.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_each_line_becomes_one_invite() {
    let mut stack = Stack::start_with_settings(&[("INVITES_PER_PERSON_PER_DAY", "250")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/invites")).await;
    browser.press("Invite many people", "main").await;
    browser.pictures("invite-list-1-form").await;

    // Mistakes are shown beside the values, and corrected in place.
    let wrong = "owner;phone;groups;comment\nada@example;12;;\"Desk 7; by the \"\"window\"\"\"\nbob@example.org;+9996620001;Nowhere;\ncy@example.org;+9996620001;;\ndan@example.org;;;Reception\n";
    browser.fill("#list", wrong).await;
    browser.press("Check list", "main").await;
    browser.find("#preview .note.bad").await;
    browser.pictures("invite-list-2-wrong").await;
    let text = serde_json::to_string(&list()).unwrap();
    assert!(browser.is_true(&format!("!!(document.querySelector('#list').value = {text})")).await);
    browser.press("Check again", "main").await;
    browser.find("button[value=create]").await;
    browser.pictures("invite-list-3-right").await;
    assert_eq!(invites(&stack).await, 0, "nothing is created before it is confirmed");
    browser.press(&format!("Create {PEOPLE} invites"), "main").await;
    browser.find("#invite-list .badge").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|it| it.contains("status of 422")), "{complaints:?}");
    let address = browser.address().await;
    let path = address.strip_prefix(&stack.url("")).unwrap().to_owned();
    until("some invites are created", STEP, async || (invites(&stack).await >= 10).then_some(())).await;
    stack.kill_telescope().await;
    let before = invites(&stack).await;
    assert!((10..PEOPLE).contains(&before), "it was killed in the middle: {before}");

    stack.start_again().await;
    // The open page shows the rest.
    browser.until_shown("#invite-list .badge.good", STEP * 2).await;
    assert!(browser.text("#invite-list").await.contains("200 of 200 invites created"));
    browser.pictures("invite-list-4-done").await;
    assert_eq!(invites(&stack).await, PEOPLE);
    let links = links(&visitor, &path).await;
    assert_eq!(links.len(), PEOPLE);
    let distinct = |column: usize| links.iter().map(|line| &line[column]).collect::<BTreeSet<_>>().len();
    assert_eq!([distinct(0), distinct(1), distinct(2), distinct(4)], [PEOPLE, PEOPLE, PEOPLE, 1]);
    assert!(links.iter().all(|line| line[4].is_empty()));

    let person = Browser::open(Scripts::On).await;
    person.goto(&links[PEOPLE / 2][2]).await;
    person.find("#begin").await;
    person.close().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    let file = stack.folder().join("list.csv");
    std::fs::write(&file, "\u{feff}Phone\tOwner\r\n+9996620001\tada@example.org\r\n\tbob@example.org\r\n")
        .unwrap();
    browser.goto(&stack.url("/invites/list")).await;
    browser.find("#file").await.send_keys(file.display().to_string()).await.unwrap();
    browser.press("Check list", "main").await;
    browser.find("button[value=create]").await;
    assert!(browser.text("#line-2").await.contains("ada@example.org"));
    browser.press("Create 2 invites", "main").await;
    browser.until_shown("#invite-list .badge.good", STEP).await;
    let path = browser.address().await.strip_prefix(&stack.url("")).unwrap().to_owned();
    let links = links(&visitor, &path).await;
    assert_eq!(links.len(), 2);
    browser.goto(&links[1][2]).await;
    browser.find("#begin").await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}
