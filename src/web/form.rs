//! Forms: what a person entered and what is wrong with it, and where the answer goes.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::ops::OpError;
use crate::web::error::AppError;
use crate::web::fragment;
use crate::web::layout::html_with;

/// The fields of a form.
pub trait Fields {
    /// Their names, as the page and operations have them.
    const NAMES: &'static [&'static str];
}

/// A form as it is shown: the values in its fields, and what is wrong with them.
#[derive(Debug, Default)]
pub struct FormState<T> {
    pub values: T,
    pub errors: Vec<FieldError>,
}

/// Something wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name; none if it is about the form as a whole.
    pub field: Option<&'static str>,
    pub message: String,
}

impl FieldError {
    pub fn on(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), message: message.into() }
    }
}

/// How a failed operation is shown beside the form that asked for it, for all forms. What is no answer to a form, such as an
/// unavailable database, stays what it is everywhere: an error page or a notice.
pub fn rejection(error: OpError) -> Result<(StatusCode, FieldError), AppError> {
    let field = match &error {
        OpError::Invalid { field, .. } => Some(*field),
        _ => None,
    };
    let (status, message) = AppError::from(error).into_answer()?;
    Ok((status, FieldError { field, message }))
}

impl<T: Fields> FormState<T> {
    pub fn new(values: T) -> Self {
        Self { values, errors: Vec::new() }
    }

    /// The form again after `error`, with the status of that answer. What is about a field that this form doesn't have is
    /// shown as about the whole.
    pub fn rejected(values: T, error: OpError) -> Result<(StatusCode, Self), AppError> {
        let (status, mut error) = rejection(error)?;
        error.field = error.field.filter(|field| T::NAMES.contains(field));
        Ok((status, Self { values, errors: vec![error] }))
    }

    /// What is wrong with a field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.first(Some(field))
    }

    /// What is wrong with the form as a whole.
    pub fn general_error(&self) -> Option<&str> {
        self.first(None)
    }

    fn first(&self, field: Option<&str>) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// What htmx wants: a part for the page that is open, or, as everything else that asks, a whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestType {
    Partial,
    Full,
}

impl RequestType {
    pub fn of(headers: &HeaderMap) -> Self {
        let is = |name, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
        if is("hx-request", "true") && is("hx-request-type", "partial") { Self::Partial } else { Self::Full }
    }

    pub fn is_partial(self) -> bool {
        self == Self::Partial
    }

    /// A form in the dialog, or on a page of its own.
    pub fn dialog(
        self,
        status: StatusCode,
        dialog: &impl Template,
        page: &impl Template,
    ) -> Result<Response, AppError> {
        match self {
            Self::Partial => html_with(status, dialog),
            Self::Full => html_with(status, page),
        }
    }

    /// A form's work is done: a notice on the open page, or on to the next one.
    pub fn done(self, notice: &str, next: &str) -> Response {
        match self {
            Self::Partial => fragment::done(notice),
            Self::Full => Redirect::to(next).into_response(),
        }
    }

    /// As [`done`](Self::done); the dialog closes.
    pub fn dialog_done(self, notice: &str, next: &str) -> Response {
        match self {
            Self::Partial => ([("hx-trigger", "close-dialog")], fragment::done(notice)).into_response(),
            Self::Full => Redirect::to(next).into_response(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestType {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
