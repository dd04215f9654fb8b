//! What browsers load once: the style sheet, the script, the icon. All are in the program itself.
//!
//! The script is htmx, its server-sent events and our few lines, joined in this order into one file: deferred
//! apart, htmx would begin before its extension has arrived. Names carry a digest, so they are cached for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::error::AppError;

const STYLE: &str = include_str!("../../static/app.css");
const ICON: &str = include_str!("../../static/icon.svg");
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    [
        include_str!("../../static/vendor/htmx.min.js"),
        include_str!("../../static/vendor/hx-sse.min.js"),
        include_str!("../../static/app.js"),
    ]
    .join("\n;\n")
});

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("app", STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("app", &SCRIPT, "js"));
/// Where the style sheet is.
pub static STYLE_URL: LazyLock<String> = LazyLock::new(|| format!("/static/{}", *STYLE_NAME));
/// Where the script is.
pub static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| format!("/static/{}", *SCRIPT_NAME));

fn named(name: &str, content: &str, ending: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}.{short}.{ending}")
}

/// One of the files.
pub async fn file(Path(name): Path<String>) -> Result<Response, AppError> {
    if name == *STYLE_NAME {
        Ok(cached("text/css; charset=utf-8", STYLE))
    } else if name == *SCRIPT_NAME {
        Ok(cached("text/javascript; charset=utf-8", SCRIPT.as_str()))
    } else if name == "icon.svg" {
        Ok(icon().await)
    } else {
        Err(AppError::NotFound)
    }
}

/// The icon.
pub async fn icon() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, ICON).into_response()
}

fn cached(kind: &'static str, content: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}
