//! The profile picture of an account: who gets it, how it is served, and what is never served.

use axum::body::{Body, to_bytes};
use axum::http::{Method, StatusCode, header};
use telescope::crypto::{Purpose, SealContext};
use telescope::domain::account::Profile;
use telescope::domain::picture::{MAX_BYTES, PhotoId, Picture};
use telescope::domain::{AccountId, Secret, Snapshot, Stage};
use telescope::store::{self, StoreError};
use telescope::tasks::pictures;
use tokio_util::task::AbortOnDropHandle;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::live::next;
use crate::support::waiting::{DEADLINE, until_true};

const OWNER: &str = "owner@example.org";

/// The head of a PNG, which is all that is looked at.
fn png(photo: i64) -> Picture {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xa0\0\0\0\xa0\x08\x02\0\0\0".to_vec();
    Picture::new(PhotoId(photo), head).unwrap()
}

fn address(id: AccountId) -> String {
    format!("/accounts/{id}/picture")
}

async fn stored(test: &TestApp, id: AccountId, picture: &Picture) {
    let now = test.app.clock.now();
    let put = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        assert!(store::account_pictures::put(conn, &test.app.keys, id, picture, now).await?);
        Ok(())
    };
    test.app.db.maintain(put).await.unwrap();
    test.app.live.accounts.put_picture(id, Some(picture.photo));
}

/// The status and the body as it is.
async fn bytes(visitor: &Visitor, id: AccountId) -> (StatusCode, Vec<u8>) {
    let request = visitor.request(Method::GET, &address(id)).body(Body::empty()).unwrap();
    let answer = visitor.answer(request).await;
    (answer.status(), to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec())
}

#[tokio::test]
async fn a_picture_is_served_as_nothing_else_to_those_who_may_view_the_account() {
    let test = TestApp::new().await;
    let id = test.account(1, Some(OWNER)).await;
    let (owner, stranger) = (test.signed_in(OWNER).await, test.signed_in("stranger@example.org").await);
    assert_eq!(owner.get(&address(id)).await.status, StatusCode::NOT_FOUND, "there is none yet");
    let picture = png(0x1f);
    stored(&test, id, &picture).await;

    let request = owner.request(Method::GET, &format!("{}?v=1f", address(id))).body(Body::empty()).unwrap();
    let answer = owner.answer(request).await;
    let text = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(text("content-type"), "image/png");
    assert_eq!(text("x-content-type-options"), "nosniff");
    assert_eq!(text("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; sandbox");
    assert_eq!(text("cross-origin-resource-policy"), "same-origin");
    assert_eq!(text("cache-control"), "private, no-cache", "rights are checked each time");
    let tag = text("etag");
    assert_eq!(to_bytes(answer.into_body(), 1 << 20).await.unwrap(), picture.bytes());
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let request = owner.request(Method::GET, &address(id)).header(header::IF_NONE_MATCH, known);
        let answer = owner.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer.headers()["etag"], tag);
        assert!(to_bytes(answer.into_body(), 1 << 20).await.unwrap().is_empty());
    }
    let request = owner.request(Method::GET, &address(id)).header(header::IF_NONE_MATCH, "\"1e\"");
    assert_eq!(owner.status(request.body(Body::empty()).unwrap()).await, StatusCode::OK);

    // For others it does not exist, as if the account did not, even if they know its tag.
    let nowhere = stranger.get(&address(AccountId::generate())).await;
    let request = stranger.request(Method::GET, &address(id)).header(header::IF_NONE_MATCH, &tag);
    let hidden = stranger.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((hidden.status, nowhere.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let text = |answer: &Answer| -> Vec<String> {
        let all = answer.texts("main h1, main p").into_iter();
        all.filter(|text| !text.starts_with("Request ID")).collect()
    };
    assert_eq!(text(&hidden), text(&nowhere));
    assert!(!hidden.headers.contains_key("etag") && !nowhere.headers.contains_key("etag"));
    let anonymous = test.anonymous().get(&address(id)).await;
    assert_eq!(anonymous.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.post(&address(id), &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_page_shows_the_picture_or_what_stands_in_for_it_and_follows() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{id}");
    let mut stream = root.stream(&format!("{page}/events")).await;
    next(&mut stream).await;
    assert!(root.get(&page).await.has("#heading svg.portrait"), "nothing is known of its user");
    for (name, initials) in [
        ("Ada Almond", Some("AA")),
        ("ada de la cruz", Some("AC")),
        ("\u{202e}evil\u{2066}\u{200f}", Some("E")),
        ("<b>&amp;", Some("B")),
        ("李", Some("李")),
        ("7 ☺", None),
    ] {
        let profile = Profile { telegram_id: 7, name: name.into(), username: None };
        let snapshot = Snapshot { stage: Stage::Ready, profile: Some(profile), ..Snapshot::off() };
        test.app.live.accounts.put_snapshot(id, snapshot);
        let shown = root.get(&page).await;
        assert_eq!(shown.texts("#heading span.portrait"), Vec::from_iter(initials), "{name}");
        assert_eq!(shown.has("#heading svg.portrait"), initials.is_none(), "{name}");
        next(&mut stream).await;
    }
    for photo in [0x1f, 0x20] {
        stored(&test, id, &png(photo)).await;
        let source = format!("/accounts/{id}/picture?v={photo:x}");
        let shown = root.get(&page).await;
        assert_eq!(shown.attributes("#heading img.portrait", "src"), [source.as_str()]);
        assert_eq!(shown.attributes("#heading img.portrait", "alt"), [""]);
        assert_eq!(shown.attributes("#heading img.portrait", "width"), ["56"]);
        assert!(!shown.has("#heading span.portrait"));
        let message = next(&mut stream).await;
        assert!(message.contains(&source) && !message.contains("#facts"), "only the heading: {message}");
    }
    test.app.live.accounts.put_picture(id, None);
    assert!(!next(&mut stream).await.contains("<img"));
    assert_eq!(root.get(&address(id)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_picture_is_not_served_whatever_the_database_says() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let (first, second) = (test.account(1, None).await, test.account(2, None).await);
    stored(&test, first, &png(1)).await;
    stored(&test, second, &png(2)).await;
    // The picture of another account.
    test.sql(&format!(
        "update account_pictures set photo_id = 1, sealed = (select sealed from account_pictures
         where account_id = '{first}') where account_id = '{second}'"
    ))
    .await;
    assert_eq!(bytes(&root, second).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(bytes(&root, first).await, (StatusCode::OK, png(1).bytes().to_vec()));
    // A former picture of the same account under the number of the present one.
    test.sql(&format!("update account_pictures set photo_id = 3 where account_id = '{first}'")).await;
    assert_eq!(bytes(&root, first).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    // Other content, sealed with the right key.
    for wrong in [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
        b"<!doctype html><script>alert(1)</script>".to_vec(),
        [png(1).bytes(), &vec![0; MAX_BYTES]].concat(),
    ] {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(wrong);
        let row = first.to_string();
        let place = SealContext { purpose: Purpose::ProfilePicture, row: &row, version: 3 };
        let sealed = test.app.keys.seal(&place, &Secret::new(text)).unwrap();
        test.sql(&format!("update account_pictures set sealed = '{sealed}' where account_id = '{first}'"))
            .await;
        let (status, body) = bytes(&root, first).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!String::from_utf8_lossy(&body).contains("alert(1)"));
    }
}

#[tokio::test]
async fn a_fetched_picture_is_stored_when_the_database_is_available() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    let _task = AbortOnDropHandle::new(tokio::spawn(pictures::run(test.app.clone())));
    test.app.set_database_away(true);
    test.app.live.pictures.put(id, Some(png(1)));
    test.app.live.pictures.put(id, Some(png(2)));
    test.app.set_database_away(false);
    let is_shown = |photo| test.app.live.accounts.get(id).is_some_and(|entry| entry.picture == photo);
    until_true("the picture is stored", DEADLINE, async || is_shown(Some(PhotoId(2)))).await;
    assert_eq!(bytes(&root, id).await, (StatusCode::OK, png(2).bytes().to_vec()));
    let sealed = test.rows("select sealed from account_pictures").await.concat();
    assert!(sealed.starts_with("v1."), "{sealed}");
    test.app.live.pictures.put(id, None);
    until_true("the picture is removed", DEADLINE, async || is_shown(None)).await;
    assert!(test.rows("select sealed from account_pictures").await.is_empty());

    // A removed account has no picture, even if one is fetched late.
    test.sql("update accounts set removed_at = 1").await;
    test.app.live.pictures.put(id, Some(png(3)));
    until_true("the picture was taken", DEADLINE, async || is_shown(Some(PhotoId(3)))).await;
    assert!(test.rows("select sealed from account_pictures").await.is_empty());
}
