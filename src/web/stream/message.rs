//! Server-sent events as bytes, formatted once for every stream that sends them.

use std::sync::Arc;

use axum::body::Bytes;

/// A comment, which keeps proxies from closing a quiet stream.
pub(super) const fn keep_alive() -> Bytes {
    Bytes::from_static(b":\n\n")
}

/// An event that brings a page from one state to another. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    id: Arc<str>,
    html: Arc<str>,
    bytes: Bytes,
}

impl Message {
    /// `id` names the state of the page after the message.
    pub(crate) fn new(id: &str, html: &str) -> Self {
        Self { id: id.into(), html: html.into(), bytes: format(Some(id), None, html) }
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The same with more HTML at its end.
    pub(super) fn with(&self, html: &str) -> Bytes {
        format(Some(&self.id), None, &format!("{}{html}", self.html))
    }
}

/// An event that consists of its name alone.
pub(crate) fn named(name: &str) -> Bytes {
    format(None, Some(name), "1")
}

/// An event that leaves the state of the page as it is.
pub(crate) fn html(html: &str) -> Bytes {
    format(None, None, html)
}

fn format(id: Option<&str>, event: Option<&str>, data: &str) -> Bytes {
    let mut text = String::with_capacity(data.len() + 64);
    let mut field = |name: &str, value: &str| {
        for part in [name, ": ", value, "\n"] {
            text.push_str(part);
        }
    };
    if let Some(id) = id {
        field("id", id);
    }
    if let Some(event) = event {
        field("event", event);
    }
    // All three line endings end a line here, too, and browsers turn them into line feeds.
    for line in data.split('\n') {
        for part in line.strip_suffix('\r').unwrap_or(line).split('\r') {
            field("data", part);
        }
    }
    text.push('\n');
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_is_a_field() {
        assert_eq!(
            Message::new("e-1", "<p>\na\r\nb\rc").bytes(),
            "id: e-1\ndata: <p>\ndata: a\ndata: b\ndata: c\n\n"
        );
        assert_eq!(Message::new("e-1", "a").with("b"), "id: e-1\ndata: ab\n\n");
        assert_eq!(named("over"), "event: over\ndata: 1\n\n");
        assert_eq!(html(""), "data: \n\n");
    }
}
