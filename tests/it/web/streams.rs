//! Where streams resume, and which messages viewers share.

use axum::body::{Body, BodyDataStream};
use axum::http::Method;
use telescope::domain::Stage;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::store;

use super::app::{ADMIN, TestApp, Visitor, as_htmx};
use super::live::next;

/// The stream that the accounts page opens.
async fn stream_of_page(visitor: &Visitor, path: &str) -> BodyDataStream {
    let page = visitor.get(path).await;
    visitor.stream(&page.attributes("#live", "hx-sse:connect")[0]).await
}

/// The id of an event.
fn id(message: &str) -> &str {
    message.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id")
}

async fn stream_after(visitor: &Visitor, path: &str, last: &str) -> BodyDataStream {
    let request = as_htmx(visitor.request(Method::GET, path)).header("last-event-id", last);
    visitor.stream_of(request).await
}

#[tokio::test]
async fn a_stream_does_not_repeat_the_pages_content() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    for (number, path) in [(2, "/accounts"), (3, "/accounts?stage=disconnected&sort=phone")] {
        test.set_stage(account, Stage::Disconnected);
        let mut stream = stream_of_page(&root, path).await;
        let hello = next(&mut stream).await;
        assert!(
            hello.contains("#notices") && !hello.contains("#rows") && !hello.contains("#summary"),
            "{hello}"
        );
        test.account(number, None).await;
        let message = next(&mut stream).await;
        assert!(message.contains("hx-target=\"#rows\""), "changes are sent: {message}");
    }
    // A page that reopens its stream much later shows something else by then.
    let page = root.get("/accounts").await;
    test.app.clock.advance(30);
    let mut stream = root.stream(&page.attributes("#live", "hx-sse:connect")[0]).await;
    assert!(next(&mut stream).await.contains("hx-target=\"#rows\""));
    // A change between the page and the stream.
    let page = root.get("/accounts").await;
    test.set_stage(account, Stage::Ready);
    let mut stream = root.stream(&page.attributes("#live", "hx-sse:connect")[0]).await;
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#rows\"") && message.contains("data-stage=\"ready\""), "{message}");
}

#[tokio::test]
async fn a_broken_connection_resumes_after_the_last_event() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let path = root.get("/accounts").await.attributes("#live", "hx-sse:connect")[0].clone();
    let mut stream = root.stream(&path).await;
    next(&mut stream).await;
    test.set_stage(account, Stage::Ready);
    let last = next(&mut stream).await;
    let last = id(&last);
    let mut same = stream_after(&root, &path, last).await;
    assert!(!next(&mut same).await.contains("#rows"), "nothing has changed since");
    // The URL still has the page's version, which is older than what the browser shows.
    for unknown in ["", "nonsense", "1-2", &format!("other-{}", last.split_once('-').unwrap().1)] {
        let mut other = stream_after(&root, &path, unknown).await;
        assert!(
            next(&mut other).await.contains("hx-target=\"#rows\""),
            "{unknown:?} is no event id of this process"
        );
    }
    test.set_stage(account, Stage::SignedOut);
    let mut changed = stream_after(&root, &path, last).await;
    assert!(next(&mut changed).await.contains("data-stage=\"signed-out\""));
}

/// People with the same permissions get the same message, others get their own.
#[tokio::test]
async fn only_viewers_with_the_same_permissions_share_messages() {
    let test = TestApp::new().await;
    let hers = test.account(1, Some("ada@example.org")).await;
    let nobodys = test.account(2, None).await;
    let mut streams = Vec::new();
    for who in [ADMIN, ADMIN, "ada@example.org", "bob@example.org"] {
        let visitor = test.signed_in(who).await;
        let mut stream = visitor.stream("/accounts/events").await;
        next(&mut stream).await;
        streams.push(stream);
    }
    test.set_stage(nobodys, Stage::Ready);
    test.set_stage(hers, Stage::Ready);
    let [root, other_root, ada] =
        [next(&mut streams[0]).await, next(&mut streams[1]).await, next(&mut streams[2]).await];
    assert_eq!(root, other_root);
    assert!(root.contains(&hers.to_string()) && root.contains(&nobodys.to_string()), "{root}");
    assert!(ada.contains(&hers.to_string()) && !ada.contains(&nobodys.to_string()), "{ada}");
    // Bob becomes an owner, and still sees nothing of the first account.
    let mut account = test.app.live.accounts.get(nobodys).unwrap().account.clone();
    account.owner = Some(telescope::domain::Email::parse("bob@example.org").unwrap());
    test.app.live.accounts.put_account(account);
    let bob = next(&mut streams[3]).await;
    assert!(bob.contains(&nobodys.to_string()) && !bob.contains(&hers.to_string()), "{bob}");
    test.set_stage(hers, Stage::SignedOut);
    let ada = next(&mut streams[2]).await;
    assert!(ada.contains(&hers.to_string()) && !ada.contains(&nobodys.to_string()), "{ada}");
}

/// The content of an empty list depends on more than its rows.
#[tokio::test]
async fn an_open_empty_list_follows_permissions_and_hidden_accounts() {
    let test = TestApp::new().await;
    let role = test.role("starters", &[], SystemPrivileges::NONE).await;
    test.give("ada@example.org", role).await;
    let ada = test.signed_in("ada@example.org").await;
    let mut stream = stream_of_page(&ada, "/accounts").await;
    next(&mut stream).await;
    let add = SystemPrivileges::of(&[SystemPrivilege::AddAccount]);
    let given = async |conn: &mut store::Conn<'_>| store::roles::set_system(conn, role, add).await;
    test.app.db.maintain(given).await.unwrap();
    test.apply_policy().await;
    assert!(ada.get("/accounts").await.has("#rows a[href='/accounts/add']"), "a reloaded page");
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#rows\"") && message.contains("Add account"), "{message}");

    test.account(1, Some("ada@example.org")).await;
    let mut stream = stream_of_page(&ada, "/accounts?q=nothing").await;
    next(&mut stream).await;
    test.account(2, Some("ada@example.org")).await;
    let message = next(&mut stream).await;
    assert!(message.contains("None of the 2 accounts"), "{message}");
}

#[tokio::test]
async fn streams_are_neither_cached_nor_transformed() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    for path in [
        "/accounts/events".to_owned(),
        format!("/accounts/{account}/events"),
        format!("/accounts/{account}/code/events"),
        "/jobs/events".to_owned(),
        "/reveals/events".to_owned(),
        "/audit/events".to_owned(),
    ] {
        let request = as_htmx(root.request(Method::GET, &path)).body(Body::empty()).unwrap();
        let response = root.answer(request).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/event-stream", "{path}");
        assert_eq!(header("cache-control"), "no-cache, no-transform", "{path}");
        assert_eq!(header("x-accel-buffering"), "no", "{path}");
    }
}

#[tokio::test]
async fn every_list_that_the_page_brought_is_not_sent_again() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (page, part) in [("/audit", "#audit-entries"), ("/jobs", "#jobs"), ("/reveals", "#reveals")] {
        let hello = next(&mut stream_of_page(&root, page).await).await;
        assert!(hello.contains("#notices") && !hello.contains(&format!("\"{part}\"")), "{page}: {hello}");
        let whole = next(&mut root.stream(&format!("{page}/events")).await).await;
        assert!(whole.contains(&format!("\"{part}\"")), "{page}: {whole}");
    }
    let mut stream = stream_of_page(&root, "/audit").await;
    next(&mut stream).await;
    root.post("/accounts/add-test", &[]).await;
    let news = next(&mut stream).await;
    assert!(news.contains("afterbegin") && news.matches("<tr").count() == 1, "{news}");
}
