//! Login e-mail, as the tests' small client sees it.

use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{LoginEmail, Options, RpcError, Sandbox};

use crate::common::client::Client;
use crate::common::login::{ada, client, connect, error_text, send_code, sign_in_with_code, signed_in};
use crate::common::packets::PLAIN;
use crate::phones::{post, sandbox_with_page, state};

const NUMBER: &str = "9996621234";
const ADDRESS: &str = "ada@example.org";

fn setup(hash: &str) -> enums::EmailVerifyPurpose {
    let (phone_number, phone_code_hash) = (NUMBER.to_owned(), hash.to_owned());
    types::EmailVerifyPurposeLoginSetup { phone_number, phone_code_hash }.into()
}

fn entered(code: &str) -> enums::EmailVerification {
    types::EmailVerificationCode { code: code.to_owned() }.into()
}

async fn send(client: &mut Client, purpose: enums::EmailVerifyPurpose, email: &str) -> Result<i32, RpcError> {
    let request = functions::account::SendVerifyEmailCode { purpose, email: email.to_owned() };
    client.invoke(&request).await.map(|enums::account::SentEmailCode::Code(sent)| sent.length)
}

async fn verify(
    client: &mut Client,
    purpose: enums::EmailVerifyPurpose,
    verification: enums::EmailVerification,
) -> Result<enums::account::EmailVerified, RpcError> {
    client.invoke(&functions::account::VerifyEmail { purpose, verification }).await
}

async fn sign_in(
    client: &mut Client,
    hash: &str,
    code: &str,
) -> Result<enums::auth::Authorization, RpcError> {
    let request = functions::auth::SignIn {
        phone_number: NUMBER.to_owned(),
        phone_code_hash: hash.to_owned(),
        phone_code: None,
        email_verification: Some(entered(code)),
    };
    client.invoke(&request).await
}

#[tokio::test]
async fn setting_up_an_address_continues_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let start = || Sandbox::start(Options { data: Some(data.path().to_owned()), ..Options::default() });
    let sandbox = start().await.unwrap();
    sandbox.set_login_email(&ada(), LoginEmail { required: true, ..LoginEmail::default() }).await;
    let mut before = client(&sandbox).await;
    let sent = send_code(&mut before, NUMBER).await.unwrap();
    assert!(matches!(sent.r#type, enums::auth::SentCodeType::SetUpEmailRequired(_)));
    let hash = sent.phone_code_hash.as_str();
    let early = sign_in_with_code(&mut before, NUMBER, hash, "22222").await;
    assert_eq!(error_text(early), "400 PHONE_CODE_INVALID", "no code was sent yet");
    assert_eq!(error_text(send(&mut before, setup("old"), ADDRESS).await), "400 PHONE_CODE_EXPIRED");
    assert_eq!(error_text(send(&mut before, setup(hash), "").await), "400 EMAIL_INVALID");
    assert_eq!(send(&mut before, setup(hash), ADDRESS).await, Ok(6));
    assert_eq!(sandbox.requests().of("account.sendVerifyEmailCode", &ada()), 3);
    drop(sandbox);

    let sandbox = start().await.unwrap();
    let mut after = before.reconnect(connect(&sandbox, PLAIN).await);
    let apple = types::EmailVerificationApple { token: "token".to_owned() };
    assert_eq!(error_text(verify(&mut after, setup(hash), apple.into()).await), "400 EMAIL_TOKEN_INVALID");
    assert_eq!(error_text(verify(&mut after, setup(hash), entered("1")).await), "400 CODE_INVALID");
    let verified = verify(&mut after, setup(hash), entered("222222")).await.unwrap();
    let enums::account::EmailVerified::Login(verified) = verified else { panic!("{verified:?}") };
    assert_eq!(verified.email, ADDRESS);
    assert!(matches!(&verified.sent_code, enums::auth::SentCode::Code(sent)
            if sent.phone_code_hash == hash && matches!(sent.r#type, enums::auth::SentCodeType::Sms(_))));
    let again = verify(&mut after, setup(hash), entered("222222")).await;
    assert_eq!(error_text(again), "400 EMAIL_NOT_ALLOWED", "the login is beyond that");
    sign_in_with_code(&mut after, NUMBER, hash, "22222").await.unwrap();
}

#[tokio::test]
async fn a_code_by_email_signs_in_and_the_address_can_be_changed() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    for wrong in ["address=ada", "address=ada%40example.org&reset_after=-1", "reset_after=soon", "required=x"]
    {
        assert_eq!(post(address, "/phones/9996621234/login-email", wrong).await, 422, "{wrong}");
    }
    let form = "address=ada%40example.org&reset_after=60&google=true";
    assert_eq!(post(address, "/phones/9996621234/login-email", form).await, 303);
    sandbox.set_password(&ada(), "secret", "").await;
    let mut client = client(&sandbox).await;
    let sent = send_code(&mut client, NUMBER).await.unwrap();
    let enums::auth::SentCodeType::EmailCode(by_email) = &sent.r#type else { panic!("{sent:?}") };
    assert_eq!((by_email.google_signin_allowed, by_email.apple_signin_allowed), (true, false));
    assert_eq!((by_email.reset_available_period, by_email.reset_pending_date), (Some(60), None));
    let hash = sent.phone_code_hash.as_str();
    assert_eq!(error_text(sign_in(&mut client, hash, "1").await), "400 EMAIL_CODE_INVALID");
    assert_eq!(
        error_text(sign_in_with_code(&mut client, NUMBER, hash, "222222").await),
        "400 PHONE_CODE_INVALID"
    );
    assert_eq!(error_text(sign_in(&mut client, hash, "222222").await), "401 SESSION_PASSWORD_NEEDED");
    sandbox.remove_password(&ada()).await;
    let now = state(address).await["phones"][0].clone();
    assert_eq!(
        (&now["messages"][0]["from"], &now["messages"][0]["code"]),
        (&"E-mail".into(), &"222222".into())
    );

    sandbox.set_login_email(&ada(), LoginEmail::default()).await;
    let mut me = signed_in(&sandbox, &ada()).await;
    let change = || enums::EmailVerifyPurpose::LoginChange;
    assert_eq!(error_text(send(&mut client, change(), ADDRESS).await), "401 AUTH_KEY_UNREGISTERED");
    assert_eq!(send(&mut me, change(), "new@example.org").await, Ok(6));
    let verified = verify(&mut me, change(), entered("222222")).await.unwrap();
    assert!(
        matches!(verified, enums::account::EmailVerified::Verified(verified) if verified.email == "new@example.org")
    );
    assert!(matches!(
        send_code(&mut client, NUMBER).await.unwrap().r#type,
        enums::auth::SentCodeType::EmailCode(by_email) if by_email.email_pattern == "n***w@example.org"
    ));
}

#[tokio::test]
async fn an_address_can_be_removed_at_once_or_after_a_time() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    let mut client = client(&sandbox).await;
    let reset = |hash: &str| functions::auth::ResetLoginEmail {
        phone_number: NUMBER.to_owned(),
        phone_code_hash: hash.to_owned(),
    };
    let sent = send_code(&mut client, NUMBER).await.unwrap();
    assert_eq!(error_text(client.invoke(&reset(&sent.phone_code_hash)).await), "400 EMAIL_NOT_ALLOWED");
    post(address, "/phones/9996621234/login-email", "address=ada%40example.org&reset_after=0").await;
    let sent = send_code(&mut client, NUMBER).await.unwrap();
    let answer = client.invoke(&reset(&sent.phone_code_hash)).await.unwrap();
    assert!(
        matches!(&answer, enums::auth::SentCode::Code(sent) if matches!(sent.r#type, enums::auth::SentCodeType::Sms(_)))
    );
    sign_in_with_code(&mut client, NUMBER, &sent.phone_code_hash, "22222").await.unwrap();
    assert_eq!(state(address).await["phones"][0]["login_email"]["address"], serde_json::Value::Null);
}
