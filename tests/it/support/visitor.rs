//! A person without a browser: plain requests with a session cookie. For tests that are not about the page, and for
//! requests that no browser would send.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::stack::Stack;
use super::waiting::until;

/// How long any answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// A signed-in person.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    origin: String,
    cookie: String,
}

/// An account's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The account's id.
    pub id: String,
    /// Its stage, by name.
    pub stage: String,
    /// Its number, digits only.
    pub phone: String,
}

impl Visitor {
    /// Signs in.
    pub async fn sign_in(stack: &Stack, email: &str) -> Self {
        Self::sign_in_at(stack.url(""), email).await
    }

    /// Signs in to the server at this address.
    pub async fn sign_in_at(origin: String, email: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(ANSWER).build().unwrap();
        let mut visitor = Self { client, origin, cookie: String::new() };
        let answer = visitor.post("/sign-in", &[("email", email)]).await;
        assert_eq!(answer.status(), 303, "signing in: {}", answer.text().await.unwrap());
        visitor.cookie = answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .collect::<Vec<_>>()
            .join("; ");
        visitor
    }

    /// The same person with the same session at another server with the same database.
    pub fn at(&self, origin: String) -> Self {
        Self { origin, ..self.clone() }
    }

    /// The value of the session's cookie.
    pub fn session(&self) -> &str {
        self.cookie.split_once('=').expect("a cookie has a value").1
    }

    /// The value of the Cookie header.
    #[allow(dead_code, reason = "the programs in benches/ use it")]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Fetches a page.
    pub async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.origin)).header(COOKIE, &self.cookie);
        request.send().await.expect("Telescope answers")
    }

    /// Fetches an endless response, such as a live stream.
    #[allow(dead_code, reason = "the programs in benches/ use it")]
    pub async fn stream(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.origin)).header(COOKIE, &self.cookie);
        request.timeout(Duration::from_secs(24 * 60 * 60)).send().await.expect("Telescope answers")
    }

    /// Sends a form as a browser would.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.try_post(path, form).await.expect("Telescope answers")
    }

    /// Sends a form to a server that may not answer.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let request = self.client.post(format!("{}{path}", self.origin));
        request
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .form(form)
            .send()
            .await
    }

    /// Sends a form with a file, as a browser would.
    #[allow(dead_code, reason = "the programs in benches/ don't use it")]
    pub async fn upload(&self, path: &str, form: &[(&str, &str)], file: (&str, &[u8])) -> Response {
        const BOUNDARY: &str = "----boundary-of-the-test";
        let part = |name: &str, more: &str, value: &[u8]| {
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
            [head.as_bytes(), value, b"\r\n"].concat()
        };
        let fields = form.iter().map(|(name, value)| part(name, "", value.as_bytes()));
        let file = part(file.0, "; filename=\"picture\"\r\nContent-Type: image/png", file.1);
        let mut body: Vec<u8> = fields.chain([file]).flatten().collect();
        body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        let request = self.client.post(format!("{}{path}", self.origin));
        request
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body)
            .send()
            .await
            .expect("Telescope answers")
    }

    /// Sends a form and expects a redirect; returns its target.
    pub async fn does(&self, path: &str, form: &[(&str, &str)]) -> String {
        let answer = self.post(path, form).await;
        let status = answer.status();
        let place = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(status, 303, "{path}: {}", answer.text().await.unwrap());
        place.expect("a redirect says where")
    }

    /// The rows of the accounts page.
    pub async fn rows(&self) -> Vec<Row> {
        self.rows_at("/accounts").await
    }

    /// The rows of a page of that list.
    pub async fn rows_at(&self, path: &str) -> Vec<Row> {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200);
        rows_of(&answer.text().await.unwrap())
    }

    /// The row of an account, once it is in one of `stages`.
    pub async fn until_stage(&self, id: &str, stage: &str, limit: Duration) -> Row {
        until(&format!("account {id} becomes {stage}"), limit, async || {
            self.rows().await.into_iter().find(|row| row.id == id && row.stage == stage)
        })
        .await
    }
}

fn rows_of(page: &str) -> Vec<Row> {
    page.split("<tr ")
        .skip(1)
        .filter_map(|piece| {
            let tag = piece.split_once('>')?.0;
            Some(Row {
                id: attribute(tag, "id")?.strip_prefix("account-")?.to_owned(),
                stage: attribute(tag, "data-stage")?,
                phone: attribute(tag, "data-phone")?,
            })
        })
        .collect()
}

/// The value of an attribute in a tag.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let begin = format!("{name}=\"");
    let tag = format!(" {tag}");
    let start = tag.match_indices(&begin).find(|(at, _)| tag[..*at].ends_with(char::is_whitespace))?.0;
    let value = &tag[start + begin.len()..];
    Some(value.split_once('"')?.0.to_owned())
}
