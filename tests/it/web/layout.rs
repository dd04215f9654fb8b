//! What all pages have in common: the menu, times, what is printed; and the page About.

use axum::http::StatusCode;
use telescope::domain::privilege::SystemPrivilege;
use telescope::domain::privilege::SystemPrivileges;
use telescope::domain::{Snapshot, Stage};

use super::app::{ADMIN, Answer, TestApp};

/// The labels of the menu.
fn menu(page: &Answer) -> Vec<String> {
    page.texts(".top nav a")
}

#[tokio::test]
async fn failed_pages_keep_the_menu_and_speak_like_the_others() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let whole = menu(&root.get("/accounts").await);
    assert!(whole.iter().any(|it| it == "Audit log"), "{whole:?}");
    for (path, status) in [
        ("/nothing-here", StatusCode::NOT_FOUND),
        ("/accounts/nothing", StatusCode::NOT_FOUND),
        ("/about/nothing", StatusCode::NOT_FOUND),
    ] {
        let page = root.get(path).await;
        assert_eq!((page.status, menu(&page)), (status, whole.clone()), "{path}");
        assert_eq!(page.texts(".who span"), [ADMIN], "{path}");
        assert!(page.has("form[action='/sign-out'] button"), "{path}");
    }
    let wrong = root
        .post(&format!("/accounts/{account}/login-action"), &[("token", "1"), ("action", "send-code")])
        .await;
    assert_eq!(menu(&wrong), whole, "{} {}", wrong.status, wrong.body);
    assert_eq!(menu(&root.post("/jobs", &[]).await), whole, "a method that the page doesn't have");

    let role = test.role("Readers", &[], SystemPrivileges::of(&[SystemPrivilege::ReadAudit])).await;
    test.give("ada@example.org", role).await;
    let ada = test.signed_in("ada@example.org").await;
    let page = ada.get("/users").await;
    assert_eq!((page.status, menu(&page)), (StatusCode::FORBIDDEN, menu(&ada.get("/accounts").await)));
    let words = page.texts("main [role=alert]").concat();
    assert!(words.contains("“Manage access”") && !words.contains("manage_access"), "{words}");
    let anonymous = test.anonymous().get("/static/nothing.css").await;
    assert_eq!((anonymous.status, menu(&anonymous).len()), (StatusCode::NOT_FOUND, 0));
}

#[tokio::test]
async fn an_outage_keeps_the_menu() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    assert_eq!(root.get("/accounts").await.status, StatusCode::OK);
    test.app.set_database_away(true);
    let page = root.get("/users").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
    assert!(menu(&page).len() > 3 && page.has("form[action='/sign-out']"));
}

/// Every time on a page is an element that says which one it is, so that scripts can show it in the reader's zone.
#[tokio::test]
async fn times_are_elements() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    root.post(&format!("/accounts/{account}/password"), &[("password", "made up")]).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    let user = test.user(ADMIN).await.id;
    for path in
        ["/audit".to_owned(), "/users".into(), format!("/users/{user}"), format!("/accounts/{account}")]
    {
        let page = root.get(&path).await;
        let times = page.attributes("main time", "datetime");
        assert!(times.len() > 1 && times.iter().all(|at| at.ends_with('Z') && at.len() == 24), "{times:?}");
        let all: usize = page.texts("main").iter().map(|text| text.matches(" UTC").count()).sum();
        assert_eq!(all, times.len(), "{path}: a time outside of an element");
    }
}

#[tokio::test]
async fn chips_count_what_is_searched_for() {
    let test = TestApp::new().await;
    for (number, owner, stage) in [
        (1, "bob@example.org", Stage::Ready),
        (2, "ada@example.org", Stage::Ready),
        (3, "ada@example.org", Stage::SignedOut),
        (4, "ada@example.org", Stage::Ready),
    ] {
        let id = test.account(number, Some(owner)).await;
        test.app.live.accounts.put_snapshot(id, Snapshot { stage, ..Snapshot::off() });
    }
    let root = test.signed_in(ADMIN).await;
    let chips = async |query: &str| root.get(&format!("/accounts{query}")).await.texts("#summary a");
    assert_eq!(chips("").await, ["All 4", "Not logged in 1", "Ready 3"]);
    assert_eq!(chips("?q=ada").await, ["All 3", "Not logged in 1", "Ready 2", "Clear filters"]);
    assert_eq!(chips("?owner=bob@example.org").await, ["All 1", "Ready 1", "Clear filters"]);
    assert_eq!(chips("?q=ada&stage=ready").await, ["All 3", "Not logged in 1", "Ready 2", "Clear filters"]);
    let page = root.get("/accounts?q=bob&stage=signed-out&sort=phone").await;
    assert_eq!(page.texts("#summary a"), ["All 1", "Ready 1", "Not logged in 0", "Clear filters"]);
    let hrefs = page.attributes("#summary a", "href");
    assert_eq!(hrefs[0], "/accounts?q=bob&sort=phone", "all stages, and the search and the order stay");
    assert_eq!(hrefs[3], "/accounts?sort=phone");
}

#[tokio::test]
async fn a_column_sorts_both_ways() {
    let test = TestApp::new().await;
    for number in [2, 1, 3] {
        test.account(number, None).await;
    }
    let root = test.signed_in(ADMIN).await;
    let mut path = "/accounts?q=9996".to_owned();
    let newest = [3, 1, 2].map(|number| format!("+999662000{number}"));
    let numbers = |page: &Answer| {
        page.attributes("#rows tr", "data-phone").iter().map(|it| format!("+{it}")).collect::<Vec<_>>()
    };
    let (up, down): (Vec<_>, Vec<_>) = (
        (1..=3).map(|number| format!("+999662000{number}")).collect(),
        (1..=3).rev().map(|number| format!("+999662000{number}")).collect(),
    );
    for (sorted, expected) in
        [("none", newest.to_vec()), ("ascending", up), ("descending", down), ("none", newest.to_vec())]
    {
        let page = root.get(&path).await;
        assert_eq!(numbers(&page), expected, "{path}");
        assert_eq!(page.attributes("thead th", "aria-sort")[0], sorted, "{path}");
        assert!(path.contains("q=9996"));
        path = page.attributes("thead th a", "href").remove(0);
    }
}

#[tokio::test]
async fn the_page_about_has_version_licenses_and_documents() {
    let test = TestApp::new().await;
    let ada = test.signed_in("ada@example.org").await;
    let page = ada.get("/about").await;
    assert!(page.texts(".facts dd").contains(&env!("CARGO_PKG_VERSION").to_owned()));
    let rows = page.texts(".components tbody tr");
    for (name, license) in [("axum", "MIT"), ("TDLib", "BSL-1.0"), ("htmx", "0BSD"), ("askama", "MIT")] {
        let row = rows.iter().find(|row| row.starts_with(&format!("{name} ")));
        assert!(row.is_some_and(|row| row.contains(license)), "{name}: {row:?}");
    }
    assert!(rows.len() > 200 && !rows.iter().any(|row| row.starts_with("thirtyfour ")), "{}", rows.len());
    assert!(!page.body.contains("(/"), "no path of the machine that built it");
    let documents = page.attributes("main .facts a", "href");
    assert!(documents.len() >= 5, "{documents:?}");
    for document in documents {
        let text = ada.get(&document).await;
        assert_eq!(text.status, StatusCode::OK);
        assert!(text.texts("pre.document").concat().starts_with("# "), "{document}");
    }
    assert!(page.attributes("footer a", "href").contains(&"/about".to_owned()));
}
