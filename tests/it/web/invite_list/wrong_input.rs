//! Lists with mistakes, and what is no list.

use axum::http::StatusCode;

use super::{BOB, EVE, TWO, check, confirm, invited};
use crate::web::app::TestApp;
use crate::web::invites::adder;

#[tokio::test]
async fn what_is_wrong_is_shown_beside_the_value() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    test.account(7, Some(BOB)).await;
    test.account(8, Some(EVE)).await;
    let long = "x".repeat(2001);
    for (line, label, words) in [
        ("nonsense,,,", "Owner", "isn't an e-mail address"),
        (",+9996620001,,", "Owner", "Enter an e-mail address"),
        ("ada@example.org,12,,", "Phone", "5 to 15 digits"),
        ("ada@example.org,+49 x,,", "Phone", "only digits"),
        ("ada@example.org,0151 2345678,,", "Phone", "country code"),
        ("ada@example.org,+999 66 2 0007,,", "Phone", "already an account"),
        ("ada@example.org,+9996629999,,", "Phone", "Line 2 has the same number"),
        ("ada@example.org,,Sales,", "Groups", "You need the permission"),
        (&format!("ada@example.org,,,{long}"), "Comment", "at most 2000 characters"),
        ("ada@example.org,,,a\u{7}b", "Comment", "control characters"),
        ("ada@example.org,,,a,b,c", "Line", "6 values, but the first line names 4 columns"),
    ] {
        let list =
            format!("owner,phone,groups,comment\nx@example.org,+9996629999,,\n{line}\ny@example.org,,,");
        let page = check(&bob, &list).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{line} {}", page.body);
        let shown = page.texts(&format!("#line-3 [data-label={label}] .error"));
        assert!(shown.len() == 1 && shown[0].contains(words), "{line}: {shown:?}");
        assert_eq!(page.texts(".list-lines .error").len(), 1, "{line}: {}", page.body);
        assert_eq!(page.texts("#preview .note"), ["One line needs to be corrected. Nothing was created."]);
        assert!(!page.has("button[value=create]"), "{line}");
        assert!(page.texts("#list")[0].contains("x@example.org,+9996629999"), "the text is kept");
        assert_eq!(confirm(&bob, &page, &list).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The number of an account that the person can't see is like any other.
    let hidden = check(&bob, "owner,phone\nada@example.org,+9996620008").await;
    let free = check(&bob, "owner,phone\nada@example.org,+9996620009").await;
    assert_eq!((hidden.status, free.status), (StatusCode::OK, StatusCode::OK));
    assert!(invited(&test).await.is_empty());
}

#[tokio::test]
async fn what_is_no_list_is_explained() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    let utf16: Vec<u8> = "owner\r\nada@example.org".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let many = format!("owner\n{}", "ada@example.org\n".repeat(1001));
    let large = format!("owner\n{}", "ada@example.org\n".repeat(100_000));
    for (file, words) in [
        (&b""[..], "Paste a list or choose a file"),
        (b" \r\n ", "Paste a list or choose a file"),
        (b"owner,phone\r\n", "Paste a list or choose a file"),
        (b"owner,mail\r\na@example.org,b", "no column"),
        (b"owner,Owner\r\na@example.org,b", "is there twice"),
        (b"phone\r\n+9996620001", "column \u{201c}owner\u{201d} is missing"),
        (b"owner,comment\r\na@example.org,\"b", "quotation mark"),
        (b"owner,comment\r\na@example.org,\xe5", "isn't in UTF-8."),
        (&utf16, "isn't in UTF-8 but in UTF-16"),
        (many.as_bytes(), "at most 1000 people"),
        (large.as_bytes(), "at most 1024 KiB"),
    ] {
        let page =
            bob.upload("/invites/list", &[("hours", "24"), ("action", "check")], &[("file", file)]).await;
        let name = String::from_utf8_lossy(file).chars().take(50).collect::<String>();
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {}", page.body);
        let shown = page.texts("#list-error");
        assert!(shown.len() == 1 && shown[0].contains(words), "{name}: {shown:?}");
        assert!(!page.has("#preview"), "{name}");
    }
    for (field, value, place) in [
        ("hours", "0", "#hours-error"),
        ("hours", "x", "#hours-error"),
        ("comment", "\u{7}", "#comment-error"),
    ] {
        let page = bob.upload("/invites/list", &[("list", TWO), (field, value)], &[]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {}", page.body);
        assert!(page.has(place) && !page.has("button[value=create]"), "{field} {}", page.body);
    }
    // A file takes the place of the text, also when the form is sent to create.
    let form = [("list", TWO), ("hours", "24"), ("action", "check")];
    let file = bob
        .upload("/invites/list", &form, &[("file", "\u{feff}Owner\tPHONE\r\nz@example.org\t\r\n".as_bytes())])
        .await;
    assert_eq!((file.status, file.texts("#line-2 td")[0].as_str()), (StatusCode::OK, "z@example.org"));
    // What is no form with files, and one that ends too early.
    assert_eq!(bob.post("/invites/list", &[("list", TWO)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let huge = vec![b'a'; 17 * 1024 * 1024];
    let refused = bob.upload("/invites/list", &[], &[("file", &huge)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", refused.body);
    assert!(invited(&test).await.is_empty());
}

#[tokio::test]
async fn a_list_that_was_changed_after_it_was_checked_is_shown_again() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    let page = check(&bob, TWO).await;
    let other = TWO.replace("cy@", "dan@");
    let again = confirm(&bob, &page, &other).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.body);
    assert!(again.texts("#preview .note")[0].contains("changed after it was checked"), "{}", again.body);
    assert_eq!(again.texts("#line-3 td")[0], "dan@example.org");
    assert_eq!(confirm(&bob, &again, &other).await.status, StatusCode::SEE_OTHER);
    // A job from the future, and the job of another person.
    let eve = adder(&test, EVE).await;
    let page = check(&eve, TWO).await;
    let theirs = page.attributes("[name=job]", "value").remove(0);
    assert_eq!(confirm(&eve, &page, TWO).await.status, StatusCode::SEE_OTHER);
    let page = check(&bob, TWO).await;
    let checked = page.attributes("[name=checked]", "value").remove(0);
    for job in [theirs.as_str(), "ffffffff-ffff-7fff-bfff-ffffffffffff"] {
        let form = [
            ("list", TWO),
            ("hours", "24"),
            ("job", job),
            ("checked", checked.as_str()),
            ("action", "create"),
        ];
        let refused = bob.upload("/invites/list", &form, &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{job} {}", refused.body);
    }
}
