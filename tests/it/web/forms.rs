//! Forms with wrong input, and what happens to correct input.

use axum::http::StatusCode;
use telescope::domain::account::Problem;
use telescope::domain::refusal::LoginRefusal;
use telescope::domain::stage::{CodeDelivery, CodeSent, Recovery};
use telescope::domain::{Snapshot, Stage, StageToken};

use super::app::{ADMIN, Answer, TestApp};
use crate::support::browser::SOON;
use crate::support::text::has_word;
use crate::support::waiting::until;

fn complains(answer: &Answer, field: &str, about: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{about}: {}", answer.body);
    let error = answer.texts(&format!("p#{field}-error.error"));
    assert!(error.len() == 1 && !error[0].is_empty(), "{about}: {}", answer.body);
    let input = format!("#{field}[aria-invalid=true]");
    let described = answer.attributes(&input, "aria-describedby").concat();
    assert!(described.split(' ').any(|id| id == format!("{field}-error")), "{about}: {described}");
}

#[tokio::test]
async fn wrong_account_fields_are_marked_and_input_is_kept() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let long = "x".repeat(2001);
    for (field, wrong) in [
        ("phone", ""),
        ("phone", "12"),
        ("phone", "call me"),
        ("phone", "+49 151 1234567890123"),
        ("phone", "12345\u{0}"),
        ("phone", "١٢٣٤"),
        ("owner", "none"),
        ("owner", "a@b@c"),
        ("owner", "аda@example.org"),
        ("owner", "ada@example.org\u{0}"),
        ("comment", "bell \u{7}"),
        ("comment", &long),
    ] {
        let mut form = [("phone", "+49 151 234567"), ("owner", "ada@example.org"), ("comment", "kept")];
        form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = wrong;
        for answer in
            [root.post("/accounts/add", &form).await, root.post_fragment("/accounts/add", &form).await]
        {
            complains(&answer, field, &format!("{field}: {wrong:?}"));
            if field != "comment" {
                assert_eq!(answer.texts("#comment"), ["kept"]);
            }
            if field != "phone" {
                assert_eq!(answer.attributes("#phone", "value"), ["+49 151 234567"]);
            }
        }
    }
    assert!(test.app.live.accounts.listing().entries.is_empty());
    assert!(root.post_fragment("/accounts/add", &[]).await.texts("html head title").is_empty());
}

#[tokio::test]
async fn an_account_is_added_once() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let form = [("phone", " +999 66-2 0042"), ("owner", "Ada@Example.org"), ("comment", "<b>bold</b>")];
    let added = root.post("/accounts/add", &form).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let page = root.get("/accounts").await;
    assert_eq!(page.attributes("#rows tr", "data-phone"), ["9996620042"]);
    assert!(page.body.contains("&#60;b&#62;bold") && !page.body.contains("<b>bold"), "escaped");
    assert_eq!(page.texts("#rows .owner"), ["ada@example.org"]);
    complains(&root.post("/accounts/add", &form).await, "phone", "the same number");
    let second = root.post_fragment("/accounts/add", &[("phone", "+49 151 234568")]).await;
    let place = second.header("location").to_owned();
    assert!(second.status == StatusCode::SEE_OTHER && place.ends_with("/provide"), "{place}");
    assert!(root.fragment(&place).await.has("#step"));
}

#[tokio::test]
async fn a_test_account_has_a_test_number() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let notice = root.post_fragment("/accounts/add-test", &[]).await;
    assert_eq!((notice.status, notice.header("hx-reswap")), (StatusCode::OK, "none"));
    root.post("/accounts/add-test", &[]).await;
    for entry in &test.app.live.accounts.listing().entries {
        assert!(entry.account.identifier.digits().starts_with("99966"), "{}", entry.account.identifier);
    }
    assert_eq!(test.app.live.accounts.listing().entries.len(), 2);
}

#[tokio::test]
async fn a_wrong_address_does_not_sign_in() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    for wrong in ["", "ada", "ada@", "ada@example.org\u{0}", "аda@example.org", "<script>@example.org"] {
        let answer = nobody.post("/sign-in", &[("email", wrong)]).await;
        complains(&answer, "email", wrong);
        assert!(answer.header("set-cookie").is_empty());
    }
    assert_eq!(nobody.get("/sign-in").await.attributes("#email", "value"), [ADMIN]);
}

fn waits_for_code() -> Stage {
    Stage::WaitCode(CodeSent {
        way: CodeDelivery::Sms,
        length: 5,
        next: None,
        resend_from: None,
        no_other_way_until: None,
    })
}

#[tokio::test]
async fn login_input_is_checked_strictly_and_never_shown_again() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    let path = format!("/accounts/{id}/provide");
    test.set_stage(id, waits_for_code());
    for wrong in ["", "  ", " - ", "12\u{1}45", &"1".repeat(65)] {
        let answer = root.post(&path, &[("token", "7"), ("code", wrong)]).await;
        complains(&answer, "code", wrong);
        assert_eq!(answer.attributes("#code", "value"), [""]);
    }
    test.set_stage(id, Stage::WaitPassword { hint: "<i>pet</i>".into(), recovery: Recovery::Impossible });
    for wrong in ["", "nul\u{0}nul", &"x".repeat(1025)] {
        let answer = root.post(&path, &[("token", "7"), ("password", wrong)]).await;
        complains(&answer, "password", wrong);
        assert!(!answer.body.contains("nul"), "typed passwords are not repeated");
        assert_eq!(answer.texts("#password-hint bdi"), ["<i>pet</i>"]);
    }
    for form in [
        &[("token", "7")][..],
        &[("code", "12345")],
        &[("token", "seven"), ("code", "12345")],
        &[("token", "7"), ("code", "1"), ("password", "2")],
        &[],
    ] {
        let answer = root.post(&path, form).await;
        assert!(answer.status.is_client_error(), "{form:?}: {}", answer.status);
        assert!(answer.has("h1"), "an explanation: {}", answer.body);
    }
}

#[tokio::test]
async fn telegrams_error_is_shown_beside_the_field_to_all_who_may_log_in() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    let problem = Some(Problem::Refused(LoginRefusal::of(400, "PHONE_CODE_INVALID")));
    let snapshot = Snapshot { stage: waits_for_code(), problem, ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot.clone());
    let page = root.get(&format!("/accounts/{id}")).await;
    assert_eq!(page.texts("p#code-error"), ["Wrong code. Check it and try again."]);
    assert!(!page.has(".note.bad"), "said once");
    test.app.live.accounts.put_snapshot(id, Snapshot { stage: Stage::SignedOut, ..snapshot });
    let page = root.get(&format!("/accounts/{id}")).await;
    assert_eq!(page.texts(".note.bad"), ["Wrong code. Check it and try again."]);
}

#[tokio::test]
async fn a_stale_form_is_refused_with_an_explanation() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    let path = format!("/accounts/{id}");
    // A client that stays in the starting stage.
    assert_eq!(root.post(&format!("{path}/connect"), &[]).await.status, StatusCode::SEE_OTHER);
    let stale = StageToken(u64::MAX).to_string();
    let form = [("token", stale.as_str()), ("code", "12345")];
    let provide = format!("{path}/provide");
    let answer = until("the client has a process to run in", SOON, async || {
        Some(root.post(&provide, &form).await).filter(|answer| answer.status != StatusCode::BAD_GATEWAY)
    })
    .await;
    for answer in [answer, root.post_fragment(&provide, &form).await] {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        let said = answer.texts("#step .note.bad").concat();
        assert!(said.contains("out of date"), "{said}");
        assert!(!has_word(&answer.body, "12345"));
    }
}

#[tokio::test]
async fn a_code_needs_a_reason() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    test.set_stage(id, Stage::Ready);
    for path in ["code", "code/wait"] {
        for reason in ["", "  ", "ab", "bell \u{7} bell", &"x".repeat(501)] {
            let answer = root.post(&format!("/accounts/{id}/{path}"), &[("reason", reason)]).await;
            complains(&answer, "reason", &format!("{path} {reason:?}"));
        }
    }
}

/// Spaces in a code are ignored. A code of the wrong length is refused here, because Telegram counts attempts.
#[tokio::test]
async fn a_code_of_the_wrong_length_is_not_sent_to_telegram() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let sent = CodeSent {
        way: CodeDelivery::Sms,
        length: 5,
        next: None,
        resend_from: None,
        no_other_way_until: None,
    };
    test.set_stage(account, Stage::WaitCode(sent));
    let root = test.signed_in(ADMIN).await;
    let submit = async |code: &str| {
        root.post(&format!("/accounts/{account}/provide"), &[("token", "7"), ("code", code)]).await
    };
    for code in ["2222", "222222", "２２２２", "222\u{2013}2", "Login code: 222222."] {
        let answer = submit(code).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}: {}", answer.body);
        assert!(answer.body.contains("The code has 5 digits"), "{code}: {}", answer.body);
    }
    for code in ["22222", "２２２２２", "٢٢٢٢٢", "222\u{2013}22", "2\u{ad}2222", "Login code: 22222"]
    {
        let answer = submit(code).await;
        assert_eq!(
            answer.status,
            StatusCode::CONFLICT,
            "it reaches the client, which is not running: {}",
            answer.body
        );
    }
}
