//! Forms: the input, its errors, and where the answer goes.

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
    /// Their names, as on the page and in operations.
    const NAMES: &'static [&'static str];
}

/// A form as it is shown: the values of its fields, and their errors.
#[derive(Debug, Default)]
pub struct FormState<T> {
    pub values: T,
    pub errors: Vec<FieldError>,
}

/// An error in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name; none if the error is about the form as a whole.
    pub field: Option<&'static str>,
    pub message: String,
}

impl FieldError {
    pub fn on(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), message: message.into() }
    }
}

/// Shows a failed operation beside its form, in the same way for all forms. Other failures, such as an
/// unavailable database, are an error page or a notice as everywhere.
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

    /// The form with `error`, and the status of the answer. An error about a field that this form doesn't have is
    /// shown as about the form as a whole.
    pub fn rejected(values: T, error: OpError) -> Result<(StatusCode, Self), AppError> {
        let (status, mut error) = rejection(error)?;
        error.field = error.field.filter(|field| T::NAMES.contains(field));
        Ok((status, Self { values, errors: vec![error] }))
    }

    /// The error of a field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.first(Some(field))
    }

    /// The error of the form as a whole.
    pub fn general_error(&self) -> Option<&str> {
        self.first(None)
    }

    fn first(&self, field: Option<&str>) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// Whether the request wants a fragment for the open page, as from htmx, or a whole page.
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

    /// The answer after success: a notice on the open page, or a redirect.
    pub fn done(self, notice: &str, next: &str) -> Response {
        match self {
            Self::Partial => fragment::done(notice),
            Self::Full => Redirect::to(next).into_response(),
        }
    }

    /// Like [`done`](Self::done), and closes the dialog.
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
