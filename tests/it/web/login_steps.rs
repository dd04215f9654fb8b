//! Every step of a login: what it says, which fields and buttons it has, and who sees them.

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::stage::{CodeDelivery, CodeSent, EmailReset, Recovery};
use telescope::domain::{Millis, Secret, SessionEndReason, Stage};

use super::app::{ADMIN, TestApp};

fn code(way: CodeDelivery, length: i32, next: Option<CodeDelivery>) -> Stage {
    Stage::WaitCode(CodeSent { way, length, next, resend_from: None, no_other_way_until: None })
}

fn email_code(reset: EmailReset) -> Stage {
    Stage::WaitEmailCode { pattern: "a***@example.org".into(), length: 6, reset }
}

fn password(recovery: Recovery) -> Stage {
    Stage::WaitPassword { hint: "pet".into(), recovery }
}

const LINK: &str = "tg://login?token=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// A stage, the names and keyboards of its fields, its buttons, and parts of what it says.
type Case =
    (Stage, &'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

fn cases() -> Vec<Case> {
    let digits = &[("code", "numeric")][..];
    let letters = &[("code", "text")][..];
    let again = &["send-code", "show-qr"][..];
    let missing = &["send-code", "report-missing", "show-qr"][..];
    let new = &["send-code", "show-qr"][..];
    vec![
        (Stage::SignedOut, &[], new, &["isn't logged in"]),
        (Stage::Ended(SessionEndReason::OtherAccount), &[], new, &["A different Telegram account"]),
        (
            code(CodeDelivery::Telegram, 5, Some(CodeDelivery::Sms)),
            digits,
            again,
            &["devices", "5 digits", "resend it as a text"],
        ),
        (code(CodeDelivery::Sms, 5, None), digits, missing, &["in a text message"]),
        (code(CodeDelivery::Call, 5, None), digits, again, &["reads the code out"]),
        (
            code(CodeDelivery::FlashCall { pattern: "1555*".into() }, 0, None),
            digits,
            again,
            &["calling number is the code", "1555*"],
        ),
        (
            code(CodeDelivery::MissedCall { prefix: "+1555".into() }, 4, None),
            digits,
            again,
            &["+1555", "last 4 digits"],
        ),
        (
            code(CodeDelivery::Fragment { url: "https://fragment.com/login/1".into() }, 5, None),
            digits,
            again,
            &["fragment.com"],
        ),
        (
            code(CodeDelivery::SmsWord { beginning: "t".into() }, 0, None),
            letters,
            missing,
            &["word", "first letter", "t"],
        ),
        (
            code(CodeDelivery::SmsPhrase { beginning: "two".into() }, 0, None),
            letters,
            missing,
            &["phrase", "first word", "two"],
        ),
        (code(CodeDelivery::OfficialApp, 6, None), digits, again, &["only its official apps"]),
        (Stage::WaitEmailAddress, &[("email", "email")], new, &["requires an e-mail address"]),
        (email_code(EmailReset::Impossible), &[("email-code", "text")], again, &["a***@example.org"]),
        (
            email_code(EmailReset::Possible { after: 0 }),
            &[("email-code", "text")],
            &["send-code", "reset-email", "show-qr"],
            &["then sends the code to the number"],
        ),
        (
            email_code(EmailReset::Possible { after: 604_800 }),
            &[("email-code", "text")],
            &["send-code", "reset-email", "show-qr"],
            &["after 7 days"],
        ),
        (
            email_code(EmailReset::Pending { until: Millis(1_800_000_000_000) }),
            &[("email-code", "text")],
            &["send-code", "reset-email", "show-qr"],
            &["is being reset", "2027"],
        ),
        (
            password(Recovery::Impossible),
            &[("password", "text")],
            &["start-over"],
            &["no recovery e-mail address", "Hint: pet"],
        ),
        (
            password(Recovery::Possible),
            &[("password", "text")],
            &["recover-password", "start-over"],
            &["recovery e-mail"],
        ),
        (
            password(Recovery::CodeSent { pattern: "b***@example.org".into() }),
            &[("recovery-code", "text"), ("new-password", "text"), ("password", "text")],
            &["start-over"],
            &["b***@example.org", "the two-step password is removed"],
        ),
        (Stage::WaitOtherDevice { link: Secret::new(LINK) }, &[], &["start-over"], &["Link Desktop Device"]),
        (
            Stage::WaitRegistration { is_allowed: true, terms: "Be kind.".into() },
            &[("first-name", "text"), ("last-name", "text")],
            new,
            &["can be registered here", "Be kind."],
        ),
        (Stage::WaitRegistration { is_allowed: false, terms: String::new() }, &[], new, &["since 2023"]),
        (
            Stage::WaitPremium { support: "help@example.org".into() },
            &[],
            new,
            &["requires Premium", "help@example.org"],
        ),
    ]
}

#[tokio::test]
async fn each_step_says_what_to_do_and_asks_for_it() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (number, (stage, fields, buttons, says)) in (1..).zip(cases()) {
        let id = test.account(number, None).await;
        test.set_stage(id, stage.clone());
        for path in [format!("/accounts/{id}"), format!("/accounts/{id}/provide")] {
            let page = root.get(&path).await;
            let shown = page.texts("#step").concat();
            for part in says {
                assert!(shown.contains(part), "{stage:?}: {shown}");
            }
            let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
            assert_eq!(page.attributes("#step .field input", "name"), names, "{stage:?}");
            let keyboards: Vec<_> = fields.iter().map(|(_, keyboard)| *keyboard).collect();
            assert_eq!(page.attributes("#step .field input", "inputmode"), keyboards, "{stage:?}");
            assert_eq!(page.attributes("#step input[name='action']", "value"), buttons, "{stage:?}");
        }
    }
}

#[tokio::test]
async fn a_viewer_sees_the_step_but_neither_forms_nor_links() {
    let test = TestApp::new().await;
    let mut accounts = Vec::new();
    for (number, _) in (1..).zip(cases()) {
        accounts.push(test.account(number, None).await);
    }
    let group = test.group("Sales", &accounts).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let role = test.role("Viewers", &[(group, view)], SystemPrivileges::NONE).await;
    test.give("vera@example.org", role).await;
    let viewer = test.signed_in("vera@example.org").await;
    for (id, (stage, _, _, _)) in accounts.into_iter().zip(cases()) {
        test.set_stage(id, stage.clone());
        let page = viewer.get(&format!("/accounts/{id}")).await;
        assert!(page.has("#step .badge"), "{stage:?}: {}", page.body);
        for part in ["#step form", "#qr", "#qr-link", "#step a[href^='https://fragment.com']"] {
            assert!(!page.has(part), "{stage:?}: {part}");
        }
        assert!(!page.body.contains("tg://"), "{stage:?}");
    }
}

#[tokio::test]
async fn a_qr_code_is_drawn_within_the_page_and_reloads_without_scripts() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    test.set_stage(id, Stage::WaitOtherDevice { link: Secret::new(LINK) });
    for path in [format!("/accounts/{id}"), format!("/accounts/{id}/provide")] {
        let page = root.get(&path).await;
        assert!(page.has("#qr svg path") || page.has("#qr svg rect"), "{}", page.body);
        assert_eq!(page.attributes("#qr-link", "href"), [LINK]);
        assert!(page.has("head noscript"), "{}", page.body);
    }
}

#[tokio::test]
async fn only_people_who_may_store_the_password_are_offered_it() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    test.set_stage(id, password(Recovery::Impossible));
    let group = test.group("Sales", &[id]).await;
    let may = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let role = test.role("Login only", &[(group, may)], SystemPrivileges::NONE).await;
    test.give("bob@example.org", role).await;
    let path = format!("/accounts/{id}/provide");
    assert!(test.signed_in(ADMIN).await.get(&path).await.has("#step [name=keep]"));
    let bob = test.signed_in("bob@example.org").await;
    let page = bob.get(&path).await;
    assert!(page.has("#step [name=password]") && !page.has("#step [name=keep]"), "{}", page.body);
    let token = page.attributes("#step [name=token]", "value").remove(0);
    let fields = [("token", token.as_str()), ("password", "correct horse"), ("keep", "yes")];
    let refused = bob.post(&path, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let submitted = test.rows("select code from audit_log where code = 'login.input.provided'").await;
    assert!(submitted.is_empty(), "{submitted:?}");
}

#[tokio::test]
async fn recovering_a_password_takes_the_permission_to_edit_it() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let group = test.group("Sales", &[id]).await;
    let may = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let role = test.role("Login only", &[(group, may)], SystemPrivileges::NONE).await;
    test.give("bob@example.org", role).await;
    let bob = test.signed_in("bob@example.org").await;
    let path = format!("/accounts/{id}/provide");
    let recover = "#step [value='recover-password']";
    test.set_stage(id, password(Recovery::Possible));
    assert!(test.signed_in(ADMIN).await.get(&path).await.has(recover));
    let page = bob.get(&path).await;
    assert!(page.has("#step [name=password]") && !page.has(recover), "{}", page.body);
    let token = page.attributes("#step [name=token]", "value").remove(0);
    let form = [("token", token.as_str()), ("action", "recover-password")];
    let refused = bob.post(&format!("/accounts/{id}/login-action"), &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);

    test.set_stage(id, password(Recovery::CodeSent { pattern: "b***@example.org".into() }));
    let page = bob.get(&path).await;
    assert!(page.has("#step [name=password]") && !page.has("#step [name=recovery-code]"), "{}", page.body);
    let token = page.attributes("#step [name=token]", "value").remove(0);
    let refused = bob.post(&path, &[("token", token.as_str()), ("recovery-code", "123456")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let tried = "select code from audit_log where code like 'login.%'";
    assert!(test.rows(tried).await.is_empty());
}
