//! The real TDLib signs in with an e-mail address, pays for a login, and registers.

use serde_json::{Value, json};

use crate::tdlib_deliveries::{ask_for_code, newest};
use crate::tdlib_process::{TdlibProcess, code};

fn number() -> Value {
    json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "9996621234"})
}

fn email_code(text: &str) -> Value {
    let code = json!({"@type": "emailAddressAuthenticationCode", "code": text});
    json!({"@type": "checkAuthenticationEmailCode", "code": code})
}

fn resend() -> Value {
    json!({"@type": "resendAuthenticationCode", "reason": null})
}

async fn mails(td: &TdlibProcess) -> usize {
    let state = td.get("/state.json").await;
    let messages = state["phones"][0]["messages"].as_array().unwrap();
    messages.iter().filter(|message| message["from"] == "E-mail").count()
}

async fn open(td: &mut TdlibProcess, client: u32) {
    td.client = client;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
}

async fn close_all(mut td: TdlibProcess, clients: u32) {
    for client in 1..=clients {
        td.client = client;
        td.send(json!({"@type": "close"})).await;
        td.state("authorizationStateClosed").await;
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_sets_up_an_email_address_and_signs_in_with_it_until_it_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/login-email", "required=true&apple=true").await;

    // Setting up an address, and then the code that is sent to the number.
    open(&mut td, 1).await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitEmailAddress").await;
    assert_eq!((&waiting["allow_apple_id"], &waiting["allow_google_id"]), (&json!(true), &json!(false)));
    let set = |address: &str| json!({"@type": "setAuthenticationEmailAddress", "email_address": address});
    assert_eq!(td.ask(set("ada")).await["message"], "EMAIL_INVALID");
    assert_eq!(td.ask(set("ada@example.org")).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitEmailCode").await;
    assert_eq!(
        (&waiting["code_info"]["email_address_pattern"], &waiting["code_info"]["length"]),
        (&json!("a***a@example.org"), &json!(6))
    );
    assert_eq!(waiting["email_address_reset_state"], Value::Null);
    assert_eq!(td.ask(email_code("000000")).await["message"], "CODE_INVALID");
    assert_eq!(td.ask(resend()).await["@type"], "ok");
    assert_eq!(mails(&td).await, 2);
    let mail = newest(&td).await;
    assert!(mail["text"].as_str().unwrap().starts_with("To ada@example.org: "), "{mail}");
    assert_eq!(td.ask(email_code(mail["code"].as_str().unwrap())).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitCode").await;
    assert_eq!(waiting["code_info"]["type"]["@type"], "authenticationCodeTypeSms");
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    let password = td.ask(json!({"@type": "getPasswordState"})).await;
    assert_eq!(password["login_email_address_pattern"], "a***a@example.org", "{password}");

    // The next login needs only the code by e-mail.
    open(&mut td, 2).await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitEmailCode").await;
    assert_eq!(waiting["code_info"]["email_address_pattern"], "a***a@example.org");
    let reset = &waiting["email_address_reset_state"];
    assert_eq!(
        (&reset["@type"], &reset["wait_period"]),
        (&json!("emailAddressResetStateAvailable"), &json!(604_800))
    );
    assert_eq!(td.ask(resend()).await["@type"], "ok");
    assert_eq!(mails(&td).await, 4, "TDLib sends no address, and the code goes to the known one");
    assert_eq!(td.ask(email_code("000000")).await["message"], "EMAIL_CODE_INVALID");
    let reset = || json!({"@type": "resetAuthenticationEmailAddress"});
    assert_eq!(td.ask(reset()).await["@type"], "ok");
    let is_pending = |value: &Value| {
        let state = &value["authorization_state"]["email_address_reset_state"];
        state["@type"] == "emailAddressResetStatePending" && state["reset_in"].as_i64() > Some(604_000)
    };
    td.wait_for("pending reset", is_pending).await;
    assert_eq!(td.ask(reset()).await["message"], "TASK_ALREADY_EXISTS");
    let mail = newest(&td).await["code"].clone();
    assert_eq!(td.ask(email_code(mail.as_str().unwrap())).await["@type"], "ok");
    td.state("authorizationStateReady").await;

    // A week later the address is gone, during a login.
    open(&mut td, 3).await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    td.state("authorizationStateWaitEmailCode").await;
    td.post("/network", "fault=clock&seconds=604500").await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    let waiting = td.wait_for("the same address", |value| {
        let state = &value["authorization_state"]["email_address_reset_state"];
        state["@type"] == "emailAddressResetStatePending" && state["reset_in"].as_i64() < Some(1000)
    });
    waiting.await;
    td.post("/network", "fault=clock&seconds=604900").await;
    assert_eq!(td.ask(reset()).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitCode").await;
    assert_eq!(waiting["code_info"]["type"]["@type"], "authenticationCodeTypeTelegramMessage");
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    close_all(td, 3).await;
}

#[tokio::test]
async fn tdlib_waits_for_a_purchase_and_goes_on_when_it_was_made() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;

    // It is bought on the phone.
    td.post("/phones/9996621234/premium", "required=true").await;
    open(&mut td, 1).await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitPremiumPurchase").await;
    assert_eq!(waiting["store_product_id"], "org.telegram.telegramPremium.weekly");
    assert_eq!(waiting["support_email_address"], "support@sandbox.invalid");
    assert_eq!(newest(&td).await, Value::Null, "no code was sent");
    td.post("/phones/9996621234/premium", "required=false").await;
    td.state("authorizationStateWaitCode").await;
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateReady").await;

    // The client brings the receipt of a store.
    td.post("/phones/9996621234/premium", "required=true").await;
    open(&mut td, 2).await;
    assert_eq!(td.ask(number()).await["@type"], "ok");
    td.state("authorizationStateWaitPremiumPurchase").await;
    let check = json!({"@type": "checkAuthenticationPremiumPurchase", "currency": "EUR", "amount": 99});
    assert_eq!(td.ask(check).await["@type"], "ok");
    let receipt = json!({"@type": "storeTransactionAppStore", "receipt": "cmVjZWlwdA=="});
    let transaction = json!({"@type": "setAuthenticationPremiumPurchaseTransaction", "transaction": receipt,
        "is_restore": false, "currency": "EUR", "amount": 99});
    println!("transaction: {}", td.ask(transaction).await);
    td.state("authorizationStateWaitCode").await;
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    close_all(td, 2).await;
}

#[tokio::test]
async fn tdlib_registers_a_new_number_after_its_terms() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/account", "account=unregistered").await;
    open(&mut td, 1).await;
    ask_for_code(&mut td, "9996621234").await;
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitRegistration").await;
    let terms = &waiting["terms_of_service"];
    assert_eq!((&terms["min_user_age"], &terms["show_popup"]), (&json!(16), &json!(false)));
    assert!(terms["text"]["text"].as_str().unwrap().starts_with("Terms of the sandbox"), "{terms}");
    let register = json!({"@type": "registerUser", "first_name": "Nova", "last_name": "Star",
        "disable_notification": true});
    assert_eq!(td.ask(register).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    let me = td.ask(json!({"@type": "getMe"})).await;
    assert_eq!((&me["first_name"], &me["last_name"]), (&json!("Nova"), &json!("Star")));
    td.close().await;
}
