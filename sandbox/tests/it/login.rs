//! Signing in and out, method by method.

use telescope_sandbox::crypto::dh;
use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{Account, RpcError};

use crate::chats::history;
use crate::common::client::Client;
use crate::common::login::{
    ada, client, error_text, number, sandbox, send_code, sign_in, sign_in_with_code, signed_in,
};
use crate::common::requests;

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

#[tokio::test]
async fn a_wrong_code_is_refused_and_the_right_one_accepted() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let sent = send_code(&mut client, "+49 1511 2345678").await.unwrap();
    assert!(matches!(sent.r#type, enums::auth::SentCodeType::Sms(_)));
    let number = number("4915112345678");
    let code = sandbox.inspect(|backend| backend.phones[&number].code.clone().unwrap().digits);
    assert_eq!(code.len(), 5);
    let wrong = if code == "00000" { "00001" } else { "00000" };
    let hash = &sent.phone_code_hash;
    let phone = number.as_str();
    assert_eq!(
        error_text(sign_in_with_code(&mut client, phone, hash, wrong).await),
        "400 PHONE_CODE_INVALID"
    );
    assert_eq!(error_text(sign_in_with_code(&mut client, phone, hash, "").await), "400 PHONE_CODE_EMPTY");
    assert_eq!(
        error_text(sign_in_with_code(&mut client, phone, "old", &code).await),
        "400 PHONE_CODE_EXPIRED"
    );
    assert_eq!(
        error_text(sign_in_with_code(&mut client, "12", hash, &code).await),
        "400 PHONE_NUMBER_INVALID"
    );
    assert_eq!(error_text(client.invoke(&GET_STATE).await), "401 AUTH_KEY_UNREGISTERED");
    sign_in_with_code(&mut client, phone, hash, &code).await.unwrap();
    client.invoke(&GET_STATE).await.unwrap();
    assert_eq!(
        error_text(sign_in_with_code(&mut client, phone, hash, &code).await),
        "400 PHONE_CODE_EXPIRED",
        "it was used"
    );
}

#[tokio::test]
async fn numbers_that_cannot_sign_in_get_the_reason() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    for bad in ["", "12", "abcdef", "9996691234", "99966212345"] {
        assert_eq!(error_text(send_code(&mut client, bad).await), "400 PHONE_NUMBER_INVALID", "{bad}");
    }
    sandbox.set_account(&ada(), Account::Banned).await;
    assert_eq!(error_text(send_code(&mut client, "9996621234").await), "400 PHONE_NUMBER_BANNED");
}

#[tokio::test]
async fn a_number_without_an_account_signs_up() {
    let sandbox = sandbox().await;
    sandbox.set_account(&ada(), Account::Unregistered).await;
    let mut client = client(&sandbox).await;
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    let mut request = functions::auth::SignUp {
        no_joined_notifications: false,
        phone_number: "9996621234".to_owned(),
        phone_code_hash: sent.phone_code_hash.clone(),
        first_name: "Nova".to_owned(),
        last_name: "Star".to_owned(),
    };
    assert_eq!(error_text(client.invoke(&request).await), "400 PHONE_CODE_INVALID", "the code comes first");
    let answer = sign_in_with_code(&mut client, "9996621234", &sent.phone_code_hash, "22222").await.unwrap();
    assert!(matches!(answer, enums::auth::Authorization::SignUpRequired(_)));
    request.first_name = " ".to_owned();
    assert_eq!(error_text(client.invoke(&request).await), "400 FIRSTNAME_INVALID");
    request.first_name = "Nova".to_owned();
    let answer = client.invoke(&request).await.unwrap();
    let enums::auth::Authorization::Authorization(answer) = answer else { panic!("not signed in") };
    let enums::User::User(user) = answer.user else { panic!("no user") };
    assert_eq!((user.first_name.as_deref(), user.is_self), (Some("Nova"), true));
    assert_eq!(error_text(client.invoke(&request).await), "400 PHONE_CODE_EXPIRED");
}

#[tokio::test]
async fn a_code_goes_to_other_sessions_and_on_request_by_sms() {
    let sandbox = sandbox().await;
    let mut first = signed_in(&sandbox, &ada()).await;
    let mut second = client(&sandbox).await;
    let sent = send_code(&mut second, "9996621234").await.unwrap();
    assert!(matches!(sent.r#type, enums::auth::SentCodeType::App(_)));
    let texts = history(&mut first, 0, 10).await;
    assert!(texts[0].starts_with("Login code: 22222. Do not give this code to anyone"), "{texts:?}");
    let resend = functions::auth::ResendCode {
        phone_number: "9996621234".to_owned(),
        phone_code_hash: sent.phone_code_hash.clone(),
        reason: None,
    };
    let enums::auth::SentCode::Code(again) = second.invoke(&resend).await.unwrap() else { panic!("no code") };
    assert!(matches!(again.r#type, enums::auth::SentCodeType::Sms(_)));
    assert_eq!(sandbox.inspect(|backend| backend.phones[&ada()].sms.len()), 2);
    let cancel = functions::auth::CancelCode {
        phone_number: "9996621234".to_owned(),
        phone_code_hash: sent.phone_code_hash.clone(),
    };
    assert_eq!(second.invoke(&cancel).await, Ok(true));
    assert_eq!(
        error_text(sign_in_with_code(&mut second, "9996621234", &sent.phone_code_hash, "22222").await),
        "400 PHONE_CODE_EXPIRED"
    );
}

async fn check_password(client: &mut Client, password: &str) -> Result<enums::auth::Authorization, RpcError> {
    let request = functions::auth::CheckPassword { password: proof(client, password).await };
    client.invoke(&request).await
}

async fn proof(client: &mut Client, password: &str) -> enums::InputCheckPasswordSrp {
    let enums::account::Password::Password(asked) =
        client.invoke(&functions::account::GetPassword {}).await.unwrap();
    let Some(enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo)) =
        asked.current_algo
    else {
        return enums::InputCheckPasswordSrp::InputCheckPasswordEmpty;
    };
    let (m1, a) = grammers_crypto::two_factor_auth::calculate_2fa(
        &algo.salt1,
        &algo.salt2,
        &algo.p,
        &algo.g,
        asked.srp_b.unwrap(),
        telescope_sandbox::crypto::random::<256>().to_vec(),
        password,
    );
    enums::InputCheckPasswordSrp::Srp(types::InputCheckPasswordSrp {
        srp_id: asked.srp_id.unwrap(),
        a: a.to_vec(),
        m1: m1.to_vec(),
    })
}

#[tokio::test]
async fn a_password_can_be_required_checked_changed_and_removed() {
    let sandbox = sandbox().await;
    sandbox.set_password(&ada(), "correct horse", "four words").await;
    let mut client = client(&sandbox).await;
    assert_eq!(
        error_text(client.invoke(&functions::account::GetPassword {}).await),
        "401 AUTH_KEY_UNREGISTERED"
    );
    assert_eq!(error_text(sign_in(&mut client, &ada()).await), "401 SESSION_PASSWORD_NEEDED");
    assert_eq!(error_text(client.invoke(&GET_STATE).await), "401 AUTH_KEY_UNREGISTERED", "not yet");
    assert_eq!(error_text(check_password(&mut client, "wrong").await), "400 PASSWORD_HASH_INVALID");
    let used = proof(&mut client, "wrong").await;
    let check = functions::auth::CheckPassword { password: used };
    assert_eq!(error_text(client.invoke(&check).await), "400 PASSWORD_HASH_INVALID");
    assert_eq!(
        error_text(client.invoke(&check).await),
        "400 SRP_ID_INVALID",
        "a challenge is valid for one attempt"
    );
    check_password(&mut client, "correct horse").await.unwrap();
    client.invoke(&GET_STATE).await.unwrap();

    let update = functions::account::UpdatePasswordSettings {
        password: proof(&mut client, "correct horse").await,
        new_settings: new_settings(None),
    };
    assert_eq!(error_text(client.invoke(&update).await), "400 NEW_SETTINGS_INVALID");
    let update = functions::account::UpdatePasswordSettings {
        password: proof(&mut client, "nonsense").await,
        new_settings: new_settings(Some(Vec::new())),
    };
    assert_eq!(error_text(client.invoke(&update).await), "400 PASSWORD_HASH_INVALID");
    let update = functions::account::UpdatePasswordSettings {
        password: proof(&mut client, "correct horse").await,
        ..update
    };
    assert_eq!(client.invoke(&update).await, Ok(true));
    assert!(sandbox.inspect(|backend| backend.phones[&ada()].password.is_none()));
}

/// Settings with a verifier but without an algorithm, or those that remove the password.
fn new_settings(hash: Option<Vec<u8>>) -> enums::account::PasswordInputSettings {
    enums::account::PasswordInputSettings::Settings(types::account::PasswordInputSettings {
        new_algo: Some(enums::PasswordKdfAlgo::Unknown),
        new_password_hash: Some(hash.unwrap_or_else(|| dh::bytes(&dh::power(&dh::exponent())).to_vec())),
        hint: Some(String::new()),
        email: None,
        new_secure_settings: None,
    })
}

async fn sessions(client: &mut Client) -> Vec<types::Authorization> {
    let enums::account::Authorizations::Authorizations(answer) =
        client.invoke(&functions::account::GetAuthorizations {}).await.unwrap();
    let rows = answer.authorizations.into_iter();
    rows.map(|enums::Authorization::Authorization(row)| row).collect()
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let sandbox = sandbox().await;
    let mut first = signed_in(&sandbox, &ada()).await;
    let mut second = signed_in(&sandbox, &ada()).await;
    sandbox.sign_in_elsewhere(&ada()).await;
    let rows = sessions(&mut first).await;
    assert_eq!(rows.len(), 3);
    let current: Vec<_> = rows.iter().filter(|row| row.current).collect();
    assert_eq!((current.len(), current[0].hash, current[0].device_model.as_str()), (1, 0, "Test desk"));
    let other = rows.iter().find(|row| !row.current && row.device_model == "Test desk").unwrap();
    let reset = functions::account::ResetAuthorization { hash: other.hash };
    let fresh = "406 FRESH_RESET_AUTHORISATION_FORBIDDEN";
    assert_eq!(error_text(first.invoke(&reset).await), fresh);
    assert_eq!(error_text(first.invoke(&functions::auth::ResetAuthorizations {}).await), fresh);
    sandbox.age_sessions(&ada(), 24 * 3600).await;
    assert_eq!(first.invoke(&reset).await, Ok(true));
    assert_eq!(error_text(first.invoke(&reset).await), "400 HASH_INVALID");
    assert_eq!(error_text(second.invoke(&GET_STATE).await), "401 SESSION_REVOKED");
    let unknown = functions::messages::GetAllDrafts {};
    assert_eq!(error_text(second.invoke(&unknown).await), "401 SESSION_REVOKED", "for every method");
    assert_eq!(first.invoke(&functions::auth::ResetAuthorizations {}).await, Ok(true));
    assert_eq!(sessions(&mut first).await.len(), 1);
    first.invoke(&functions::auth::LogOut {}).await.unwrap();
    assert_eq!(error_text(first.invoke(&GET_STATE).await), "401 AUTH_KEY_UNREGISTERED");
    sign_in(&mut second, &ada()).await.unwrap();
    second.invoke(&GET_STATE).await.unwrap();
}

#[tokio::test]
async fn a_revoked_client_is_made_to_notice() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    client.invoke(&GET_STATE).await.unwrap();
    sandbox.revoke(&ada()).await;
    let prompt = client.wait_for(|received| received.parse::<enums::Updates>().is_some()).await;
    assert!(matches!(prompt.parse().unwrap(), enums::Updates::TooLong));
    assert_eq!(error_text(client.invoke(&GET_STATE).await), "401 SESSION_REVOKED");
}

#[tokio::test]
async fn an_app_without_an_id_gets_no_code() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let request = functions::auth::ImportBotAuthorization {
        flags: 0,
        api_id: 1,
        api_hash: "hash".to_owned(),
        bot_auth_token: "1:a".to_owned(),
    };
    assert_eq!(error_text(client.invoke(&request).await), "400 ACCESS_TOKEN_INVALID");
    let request = functions::auth::SendCode { api_id: 0, ..requests::send_code("9996621234") };
    assert_eq!(error_text(client.invoke(&request).await), "400 API_ID_INVALID");
}
