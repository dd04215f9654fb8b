//! The sandbox's page of test phones: what the accounts' owners receive, and what they do on their phones.

use std::net::SocketAddr;

use base64::Engine as _;
use reqwest::header::ORIGIN;
use reqwest::redirect::Policy;
use serde_json::Value;

use super::waiting::{DEADLINE, until};

/// The Phones page of a stack.
#[derive(Debug, Clone)]
pub struct Phones {
    origin: String,
    client: reqwest::Client,
}

impl Phones {
    /// The page at this address.
    pub fn at(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { origin: format!("http://{address}"), client }
    }

    /// Its address for people.
    pub fn url(&self) -> String {
        format!("{}/", self.origin)
    }

    async fn json(&self, path: &str) -> Value {
        let answer =
            self.client.get(format!("{}{path}", self.origin)).send().await.expect("the phones answer");
        serde_json::from_slice(&answer.bytes().await.unwrap()).expect("JSON")
    }

    async fn press(&self, path: &str, form: &[(&str, &str)]) {
        let request =
            self.client.post(format!("{}{path}", self.origin)).header(ORIGIN, &self.origin).form(form);
        let answer = request.send().await.expect("the phones answer");
        assert_eq!(answer.status(), 303, "{path}: {}", answer.text().await.unwrap());
    }

    /// Gives the phone's account a two-step password.
    pub async fn set_password(&self, number: &str, password: &str) {
        let form = [("password", password), ("hint", "made up")];
        self.press(&format!("/phones/{number}/password"), &form).await;
    }

    /// Delivers the number's next codes in these ways, in this order; see the sandbox's README for their names.
    pub async fn deliver(&self, number: &str, sequence: &str) {
        self.press(&format!("/phones/{number}/deliveries"), &[("sequence", sequence), ("timeout", "1")])
            .await;
    }

    /// Has Telegram require a login e-mail address of the number.
    pub async fn require_login_email(&self, number: &str) {
        self.press(&format!("/phones/{number}/login-email"), &[("required", "true")]).await;
    }

    /// Gives the number a login e-mail address, which can be reset after so many seconds.
    pub async fn set_login_email(&self, number: &str, address: &str, reset_after: u32) {
        let form = [("address", address), ("reset_after", &reset_after.to_string())];
        self.press(&format!("/phones/{number}/login-email"), &form).await;
    }

    /// Has Telegram require Premium of the number, or not.
    pub async fn require_premium(&self, number: &str, required: bool) {
        let required = if required { "true" } else { "false" };
        self.press(&format!("/phones/{number}/premium"), &[("required", required)]).await;
    }

    /// Gives the phone's account a two-step password that can be recovered by e-mail.
    pub async fn set_recoverable_password(&self, number: &str, password: &str, email: &str) {
        let form = [("password", password), ("hint", ""), ("recovery_email", email)];
        self.press(&format!("/phones/{number}/password"), &form).await;
    }

    /// Asks for the removal of the number's two-step password, as a person does who doesn't know it.
    pub async fn request_password_reset(&self, number: &str) {
        self.press(&format!("/phones/{number}/password-reset"), &[]).await;
    }

    /// Scans a QR code with the phone of this number; false if the code is not valid any more.
    pub async fn scan(&self, number: &str, link: &str) -> bool {
        let request = self.client.post(format!("{}/phones/{number}/scan", self.origin));
        let request = request.header(ORIGIN, &self.origin).form(&[("link", link)]);
        request.send().await.expect("the phones answer").status() == 303
    }

    /// How many seconds the next QR codes are valid.
    pub async fn qr_codes_last(&self, seconds: u32) {
        self.press("/login-tokens", &[("seconds", &seconds.to_string())]).await;
    }

    /// Sends a message to the number from another Telegram user.
    pub async fn send_message(&self, number: &str, text: &str) {
        self.press(&format!("/phones/{number}/message"), &[("text", text)]).await;
    }

    /// The same, with a date some seconds in the past.
    pub async fn send_old_message(&self, number: &str, text: &str, age: u32) {
        self.press(&format!("/phones/{number}/message"), &[("text", text), ("age", &age.to_string())]).await;
    }

    /// Gives the number's account another first name.
    pub async fn set_name(&self, number: &str, name: &str) {
        self.press(&format!("/phones/{number}/name"), &[("first_name", name)]).await;
    }

    /// Gives the number's account these bytes as profile picture; none removes it.
    pub async fn set_picture(&self, number: &str, bytes: &[u8]) {
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        self.press(&format!("/phones/{number}/picture"), &[("data", &data)]).await;
    }

    /// Gives the number's account a generated profile picture, another one each time.
    pub async fn generate_picture(&self, number: &str) {
        self.press(&format!("/phones/{number}/picture"), &[("generate", "true")]).await;
    }

    /// Ends every session of the number.
    pub async fn revoke(&self, number: &str) {
        self.press(&format!("/phones/{number}/revoke"), &[]).await;
    }

    /// Ends every session of the number for a reason: `revoked`, `expired` or `duplicated`.
    pub async fn end_sessions(&self, number: &str, why: &str) {
        self.press(&format!("/phones/{number}/revoke"), &[("why", why)]).await;
    }

    /// Puts the account into a state: `banned`, `deactivated`, `frozen`, `registered`.
    pub async fn set_account(&self, number: &str, account: &str) {
        self.press(&format!("/phones/{number}/account"), &[("account", account)]).await;
    }

    /// Sends messages to the number for so many seconds, as fast as they are accepted.
    pub async fn flood(&self, number: &str, seconds: u32) {
        self.press(&format!("/phones/{number}/flood"), &[("seconds", &seconds.to_string())]).await;
    }

    /// Breaks the network: `silence` for so many seconds, or `drop`.
    pub async fn break_network(&self, fault: &str, seconds: u32) {
        self.press("/network", &[("fault", fault), ("seconds", &seconds.to_string())]).await;
    }

    /// Makes the next calls of a method for this number fail with this error.
    pub async fn refuse(&self, method: &str, number: &str, error: &str, times: u32) {
        self.refuse_with(method, number, 400, error, times).await;
    }

    /// The same with another code than 400.
    pub async fn refuse_with(&self, method: &str, number: &str, code: u32, error: &str, times: u32) {
        let (code, times) = (code.to_string(), times.to_string());
        let form =
            [("method", method), ("number", number), ("code", &code), ("name", error), ("times", &times)];
        self.press("/refusals", &form).await;
    }

    /// Makes the next calls of a method fail with this error, of any number or of none, as before a login.
    pub async fn refuse_any(&self, method: &str, code: u32, error: &str, times: u32) {
        let (code, times) = (code.to_string(), times.to_string());
        self.press("/refusals", &[("method", method), ("code", &code), ("name", error), ("times", &times)])
            .await;
    }

    /// Adds a bot with this token.
    pub async fn add_bot(&self, name: &str, username: &str, token: &str) {
        self.press("/bots", &[("name", name), ("username", username), ("token", token)]).await;
    }

    /// Ends all sessions of the bot with this id.
    pub async fn end_sessions_of_bot(&self, id: &str) {
        self.end_sessions(&format!("000{id}"), "revoked").await;
    }

    /// What the number's next codes by SMS consist of: `digits`, `word` or `phrase`.
    pub async fn set_sms_code(&self, number: &str, form: &str) {
        self.press(&format!("/phones/{number}/sms-code"), &[("form", form)]).await;
    }

    /// Simulates that the number is signed in on another device: its codes come as messages there.
    pub async fn sign_in_elsewhere(&self, number: &str) {
        self.add(number).await;
        self.press(&format!("/phones/{number}/sign-in"), &[]).await;
    }

    /// Signs the number in on a simulated device, described as the sandbox's README says.
    pub async fn add_device(&self, number: &str, form: &[(&str, &str)]) {
        self.press(&format!("/phones/{number}/sign-in"), form).await;
    }

    /// Sets how many hours ago all sessions of the number began.
    pub async fn age_sessions(&self, number: &str, hours: u32) {
        self.press(&format!("/phones/{number}/age"), &[("hours", &hours.to_string())]).await;
    }

    /// Ends the session of this device, as the phone's owner.
    pub async fn end_device(&self, number: &str, device: &str) {
        let sessions = self.devices(number).await;
        let session = sessions.iter().find(|it| it["device"] == device).expect("the device is signed in");
        let hash = session["hash"].as_str().unwrap();
        self.press(&format!("/phones/{number}/sessions/{hash}/end"), &[]).await;
    }

    /// The sessions of a number.
    pub async fn devices(&self, number: &str) -> Vec<Value> {
        let phone = self.phone(number).await.expect("the phone is known");
        phone["sessions"].as_array().expect("a list of sessions").clone()
    }

    /// Adds a phone of this number.
    pub async fn add(&self, number: &str) {
        self.press("/phones", &[("number", number)]).await;
    }

    /// Sets Telegram's clock fast by so many seconds, or slow.
    pub async fn set_clock(&self, seconds: i64) {
        self.press("/network", &[("fault", "clock"), ("seconds", &seconds.to_string())]).await;
    }

    /// The state of a phone.
    pub async fn phone(&self, number: &str) -> Option<Value> {
        let state = self.json("/state.json").await;
        let phones = state["phones"].as_array().expect("a list of phones").clone();
        phones.into_iter().find(|phone| phone["number"] == number)
    }

    /// The newest login code on a phone; waits for it.
    pub async fn code(&self, number: &str) -> String {
        until(&format!("a code comes to {number}"), DEADLINE, async || {
            let phone = self.phone(number).await?;
            let messages = phone["messages"].as_array()?;
            messages.iter().find_map(|message| message["code"].as_str().map(str::to_owned))
        })
        .await
    }

    /// How often clients requested a code for this number.
    pub async fn codes_asked_for(&self, number: &str) -> u64 {
        self.calls("auth.sendCode", number).await + self.calls("auth.resendCode", number).await
    }

    /// How often a method was called for this number.
    pub async fn calls(&self, method: &str, number: &str) -> u64 {
        self.json("/requests.json").await[method]["by_number"][number].as_u64().unwrap_or(0)
    }

    /// How often a method was called in total.
    pub async fn calls_in_all(&self, method: &str) -> u64 {
        self.json("/requests.json").await[method]["total"].as_u64().unwrap_or(0)
    }

    /// The process that serves.
    pub async fn server_pid(&self) -> i64 {
        self.json("/state.json").await["pid"].as_i64().expect("a process number")
    }
}
