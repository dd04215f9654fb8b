//! Static files: the style sheet, the script, the icon. All are embedded in the program.
//!
//! The script is htmx, its server-sent events and our own files, joined in this order into one file: deferred
//! files, htmx could start before its extension is loaded. Names contain a digest, so files are cached for ever.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::error::AppError;
use super::extract::Path;
use super::paths;
use crate::http::compression::{Effort, accepts_gzip, gzip};

const STYLE: &str = include_str!("../../static/app.css");
const THEME: &str = include_str!("../../static/theme.js");
const ICON: &str = include_str!("../../static/icon.svg");
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    [
        include_str!("../../static/vendor/htmx.min.js"),
        include_str!("../../static/vendor/hx-sse.min.js"),
        include_str!("../../static/app.js"),
        include_str!("../../static/page.js"),
        include_str!("../../static/device.js"),
        include_str!("../../static/session.js"),
    ]
    .join("\n;\n")
});

static STYLE_FILE: LazyLock<File> = LazyLock::new(|| File::new(STYLE));
static SCRIPT_FILE: LazyLock<File> = LazyLock::new(|| File::new(&SCRIPT));
static THEME_FILE: LazyLock<File> = LazyLock::new(|| File::new(THEME));
static ICON_FILE: LazyLock<File> = LazyLock::new(|| File::new(ICON));

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("app", STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("app", &SCRIPT, "js"));
static THEME_NAME: LazyLock<String> = LazyLock::new(|| named("theme", THEME, "js"));
/// Where the style sheet is.
pub static STYLE_URL: LazyLock<String> = LazyLock::new(|| paths::static_file(&*STYLE_NAME));
/// Where the script is.
pub static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| paths::static_file(&*SCRIPT_NAME));
/// Where the script is that chooses the theme.
pub static THEME_URL: LazyLock<String> = LazyLock::new(|| paths::static_file(&*THEME_NAME));

/// A file as it is and compressed, each with a tag of its own.
struct File {
    content: &'static str,
    tag: String,
    compressed: Vec<u8>,
    compressed_tag: String,
}

impl File {
    fn new(content: &'static str) -> Self {
        let digest = digest(content);
        // Writing into memory does not fail.
        let compressed = gzip(content.as_bytes(), Effort::Best).unwrap_or_default();
        Self {
            content,
            tag: format!("\"{digest}\""),
            compressed,
            compressed_tag: format!("\"{digest}-gzip\""),
        }
    }
}

fn named(name: &str, content: &str, ending: &str) -> String {
    format!("{name}.{}.{ending}", digest(content))
}

fn digest(content: &str) -> String {
    Sha256::digest(content.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// One of the files.
pub async fn file(headers: HeaderMap, Path(name): Path<String>) -> Result<Response, AppError> {
    if name == *STYLE_NAME {
        Ok(cached(&headers, "text/css; charset=utf-8", FOR_EVER, &STYLE_FILE))
    } else if name == *SCRIPT_NAME {
        Ok(cached(&headers, "text/javascript; charset=utf-8", FOR_EVER, &SCRIPT_FILE))
    } else if name == *THEME_NAME {
        Ok(cached(&headers, "text/javascript; charset=utf-8", FOR_EVER, &THEME_FILE))
    } else if name == "icon.svg" {
        Ok(icon(headers).await)
    } else {
        Err(AppError::NotFound)
    }
}

/// The icon, whose name is fixed, so it is cached only for a day.
pub async fn icon(headers: HeaderMap) -> Response {
    cached(&headers, "image/svg+xml", "public, max-age=86400", &ICON_FILE)
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";

fn cached(asked: &HeaderMap, kind: &'static str, keep: &'static str, file: &'static File) -> Response {
    let is_gzip = accepts_gzip(asked);
    let (tag, content): (&'static str, Bytes) = match is_gzip {
        true => (&file.compressed_tag, Bytes::from_static(&file.compressed)),
        false => (&file.tag, Bytes::from_static(file.content.as_bytes())),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, keep),
        (header::VARY, "Accept-Encoding"),
        (header::ETAG, tag),
    ];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let encoding = is_gzip.then_some([(header::CONTENT_ENCODING, "gzip")]);
    (headers, encoding, content).into_response()
}
