//! A session that ends while a page is open: the sign-in page says so, leads back, and what was typed is there again.

use std::net::SocketAddr;

use telescope::domain::Email;
use telescope::domain::access::{Policy, Principal, decide_system};
use telescope::domain::privilege::can;
use telescope::ops::users::{self, UserChange, UserRef};
use tokio::net::TcpListener;

use super::app::{ADMIN, TestApp};
use crate::support::browser::{Browser, Scripts};
use crate::support::waiting::{DEADLINE, until_true};

const TYPED: &str = "document.querySelector('[name=actor]').value";

async fn sign_in(browser: &Browser) {
    browser.fill("#email", ADMIN).await;
    browser.press("Sign in", "main form").await;
}

async fn until_at(browser: &Browser, page: &str) {
    let there = async || browser.address().await.ends_with(page);
    until_true(&format!("the browser is at {page}"), DEADLINE, there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_why_and_comes_back_with_what_was_typed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let test = TestApp::with(&[("PUBLIC_URL", &url)]).await;
    let service = test.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&format!("{url}/audit?code=web.sign-in")).await;
    until_at(&browser, "/sign-in?next=%2Faudit%3Fcode%3Dweb.sign-in").await;
    assert!(!browser.has("main [role=status]").await, "there was no session");
    sign_in(&browser).await;
    until_at(&browser, "/audit?code=web.sign-in").await;

    browser.run(&format!("{TYPED} = 'half a name'")).await;
    let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli).unwrap();
    let root = Email::parse(ADMIN).unwrap();
    let whom = UserRef::Email(&root);
    users::change(&*test.app, permit.grant(), whom, UserChange::EndSessions).await.unwrap();
    until_at(&browser, "/sign-in?why=ended&next=%2Faudit%3Fcode%3Dweb.sign-in").await;
    assert!(browser.text("main [role=status]").await.starts_with("Your session has ended."));
    sign_in(&browser).await;
    until_at(&browser, "/audit?code=web.sign-in").await;
    assert_eq!(browser.value::<String>(TYPED).await, "half a name");
    // It is there once, and for that person only.
    browser.reload().await;
    assert_eq!(browser.value::<String>(TYPED).await, "");
    browser.close().await;
}
