//! Where a stream begins: what the page shows already, as the page itself or the last event before a break says.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::domain::Millis;
use crate::web::state::{AppState, State};

/// The parameter of a stream's address that says what the page brought.
const PARAMETER: &str = "shown=";
/// How long that holds, in seconds. A page opens its stream when it is loaded; when it opens another one later, it shows
/// something else by then.
const BROUGHT_FOR: i64 = 30;

/// The state of the page that the browser shows; None if that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position(pub(crate) Option<u64>);

/// A number for the state of a page; equal states have equal numbers.
pub(crate) fn hash(shown: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    hasher.finish()
}

/// How an event names a state of a page. Versions count from the start of the server, so
/// a state of another run is none of this one.
pub(crate) fn id(state: &State, position: u64) -> String {
    format!("{}-{position:x}", state.epoch)
}

/// How the address of a stream names the state of the page that it is written in.
fn brought(state: &State, position: u64) -> String {
    format!("{}-{:x}", id(state, position), state.clock.now().0)
}

/// The address of a stream, for a page that shows this state.
pub(crate) fn events_url(state: &State, url: &str, position: u64) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{PARAMETER}{}", brought(state, position))
}

fn parse_brought(state: &State, brought: &str) -> Option<u64> {
    let (id, at) = brought.rsplit_once('-')?;
    let at = Millis(i64::from_str_radix(at, 16).ok()?);
    (state.clock.now().seconds_since(at) < BROUGHT_FOR).then(|| parse(state, id))?
}

fn parse(state: &State, id: &str) -> Option<u64> {
    let (epoch, position) = id.split_once('-')?;
    (epoch == state.epoch).then(|| u64::from_str_radix(position, 16).ok())?
}

impl FromRequestParts<AppState> for Position {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        // The page may have changed since it came, and the last event knows that.
        if let Some(last) = parts.headers.get("last-event-id") {
            return Ok(Self(last.to_str().ok().and_then(|id| parse(state, id))));
        }
        let query = parts.uri.query().unwrap_or_default();
        let shown = query.split('&').find_map(|pair| pair.strip_prefix(PARAMETER));
        Ok(Self(shown.and_then(|shown| parse_brought(state, shown))))
    }
}

/// Part of a page, and what of it was sent.
#[derive(Debug)]
pub(crate) struct Shown(Position);

impl Shown {
    pub(crate) const fn new(brought: Position) -> Self {
        Self(brought)
    }

    /// The position of `html` if it is not what the browser shows; it does then.
    pub(crate) fn replace(&mut self, html: &str) -> Option<u64> {
        let position = hash(html);
        (self.0.0.replace(position) != Some(position)).then_some(position)
    }
}
