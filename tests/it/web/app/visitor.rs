//! Visitors of the pages, and the answers that they get.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, BodyDataStream, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use scraper::{Html, Selector};
use telescope::domain::AccountId;
use tower::ServiceExt;

use super::HOST;
use crate::support::edit_form::{self, Filled};

/// A browser with its cookie.
#[derive(Clone)]
pub struct Visitor {
    pub(super) router: Router,
    /// Of the pages that it sees.
    pub(super) origin: Arc<str>,
    pub(super) cookie: Option<String>,
}

impl Visitor {
    /// A request with a browser's headers, which the test can change.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::ORIGIN, &*self.origin)
            .header("sec-fetch-site", "same-origin");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request
    }

    /// The same browser after an answer that may have given it other cookies, or taken some away.
    pub fn after(&self, answer: &Answer) -> Self {
        let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
        let mut jar: Vec<String> = self.cookie().split("; ").map(str::to_owned).collect();
        for given in answer.headers.get_all(header::SET_COOKIE) {
            let given = given.to_str().unwrap();
            let cookie = given.split(';').next().unwrap();
            jar.retain(|kept| name(kept) != name(cookie));
            if !given.contains("Max-Age=0") {
                jar.push(cookie.to_owned());
            }
        }
        jar.retain(|cookie| !cookie.is_empty());
        Self { cookie: (!jar.is_empty()).then(|| jar.join("; ")), ..self.clone() }
    }

    /// Its cookie.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().unwrap_or_default()
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.answer(request).await).await
    }

    /// Sends a request without reading the answer's body.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The status of an answer whose body may be endless.
    pub async fn status(&self, request: Request<Body>) -> StatusCode {
        self.answer(request).await.status()
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Loads a fragment like htmx.
    pub async fn fragment(&self, path: &str) -> Answer {
        let request = as_htmx(self.request(Method::GET, path));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(filled(self.request(Method::POST, path), form)).await
    }

    /// Sends a form with files, each with its name, as a browser does.
    pub async fn upload(&self, path: &str, form: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(uploaded(request, form, files)).await
    }

    /// Edits an account with its form, see [`edit_form::filled`].
    pub async fn edit(&self, account: AccountId, values: &[(&str, &str)]) -> Answer {
        let path = format!("/accounts/{account}/edit");
        loop {
            let Filled { fields, unfinished } = edit_form::filled(&self.get(&path).await.body, values);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = self.post(&path, &fields).await;
            if !unfinished || answer.status != StatusCode::SEE_OTHER {
                return answer;
            }
        }
    }

    /// Sends a form, as htmx does.
    pub async fn post_fragment(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(filled(as_htmx(self.request(Method::POST, path)), form)).await
    }

    /// The value of one of its cookies.
    pub fn cookie_named(&self, name: &str) -> Option<&str> {
        self.cookie().split("; ").find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
    }

    /// Opens a live stream.
    pub async fn stream(&self, path: &str) -> BodyDataStream {
        match self.try_stream(path).await {
            Ok(stream) => stream,
            Err(answer) => panic!("{path}: {} {}", answer.status, answer.body),
        }
    }

    /// The same browser with another cookie.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    /// Opens a live stream with this request.
    pub async fn stream_of(&self, request: axum::http::request::Builder) -> BodyDataStream {
        let response = self.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        response.into_body().into_data_stream()
    }

    /// Opens a live stream, or returns the refusal.
    pub async fn try_stream(&self, path: &str) -> Result<BodyDataStream, Answer> {
        let request = as_htmx(self.request(Method::GET, path)).body(Body::empty()).unwrap();
        let response = self.answer(request).await;
        if response.status() != StatusCode::OK {
            return Err(Answer::of(response).await);
        }
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Ok(response.into_body().into_data_stream())
    }
}

/// Adds the headers of htmx.
pub fn as_htmx(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header("hx-request", "true").header("hx-request-type", "partial")
}

/// Completes a request with a form as its body.
pub fn filled(request: axum::http::request::Builder, form: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body)).unwrap()
}

/// Completes a request with a form that has files.
pub fn uploaded(
    request: axum::http::request::Builder,
    form: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Request<Body> {
    const BOUNDARY: &str = "----boundary-of-the-test";
    let part = |name: &str, more: &str, value: &[u8]| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let file = "; filename=\"list.csv\"\r\nContent-Type: text/csv";
    let fields = form.iter().map(|(name, value)| part(name, "", value.as_bytes()));
    let files = files.iter().map(|(name, bytes)| part(name, file, bytes));
    let mut body: Vec<u8> = fields.chain(files).flatten().collect();
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
}

/// An answer, read to its end.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: String,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10_000_000).await.unwrap();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A header's value, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts of the elements that a selector finds, with runs of white space collapsed.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let found = |element: scraper::ElementRef<'_>| {
            element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        };
        Html::parse_document(&self.body).select(&Selector::parse(selector).unwrap()).map(found).collect()
    }

    /// An attribute of each element that a selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        Html::parse_document(&self.body)
            .select(&Selector::parse(selector).unwrap())
            .map(|element| element.attr(name).unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether a selector finds an element.
    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }
}
