//! The forms for what goes wrong: sessions that end, codes that expire, a network that breaks, errors on order.

use std::time::Duration;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::actions::{Done, Refused, back, known, parse};
use crate::error::RpcError;
use crate::flood::FloodEnd;
use crate::handle::Handle;
use crate::network::{Breakage, LONGEST, MOST_SKEW};
use crate::world::Number;

/// The number of a field that may be empty.
fn optional(number: &str) -> Result<Option<Number>, Refused> {
    match number.trim() {
        "" => Ok(None),
        number => parse(number).map(Some),
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Revocation {
    #[serde(default)]
    why: Why,
}

/// Why a session is ended.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Why {
    #[default]
    Revoked,
    Expired,
    Duplicated,
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Revoked => "SESSION_REVOKED",
            Self::Expired => "SESSION_EXPIRED",
            Self::Duplicated => "AUTH_KEY_DUPLICATED",
        }
    }
}

/// Ends all sessions. A request without a form is one that gives no reason.
pub(super) async fn revoke(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    form: Result<Form<Revocation>, FormRejection>,
) -> Done {
    let number = known(&handle, &number)?;
    let why = match form {
        Ok(Form(form)) => form.why,
        Err(FormRejection::InvalidFormContentType(_)) => Why::default(),
        Err(_) => return Err(Refused("A session is revoked, expired or duplicated.".to_owned())),
    };
    handle.revoke_because(&number, why.word()).await;
    Ok(back(&number))
}

/// Makes the code that is out too old.
pub(super) async fn expire_code(State(handle): State<Handle>, Path(number): Path<String>) -> Done {
    let number = known(&handle, &number)?;
    if handle.expire_code(&number).await {
        Ok(back(&number))
    } else {
        Err(Refused("No code of this number is out.".to_owned()))
    }
}

/// Forgets the temporary keys of the number's clients.
pub(super) async fn drop_keys(State(handle): State<Handle>, Path(number): Path<String>) -> Done {
    let number = known(&handle, &number)?;
    if handle.drop_temporary_keys(&number).await > 0 {
        Ok(back(&number))
    } else {
        Err(Refused("Nobody who is signed in with this number uses a temporary key.".to_owned()))
    }
}

#[derive(Deserialize)]
pub(super) struct NewDc {
    #[serde(default)]
    dc: String,
}

/// Puts the account at one data centre; nothing puts it at all of them.
pub(super) async fn dc(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewDc>,
) -> Done {
    let number = known(&handle, &number)?;
    let dc = match form.dc.trim() {
        "" => None,
        text => Some(text.parse().ok().filter(|dc| (1..=5).contains(dc)).ok_or_else(no_dc)?),
    };
    handle.set_dc(&number, dc).await;
    Ok(back(&number))
}

fn no_dc() -> Refused {
    Refused("A data centre is a number from 1 to 5.".to_owned())
}

#[derive(Deserialize)]
pub(super) struct NewFlood {
    #[serde(default)]
    count: String,
    #[serde(default)]
    seconds: String,
}

/// The most messages of one flood.
const MAX_FLOOD: u64 = 1_000_000;

/// Messages as fast as they are taken: so many, or for so long. None at all ends a flood.
pub(super) async fn flood(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewFlood>,
) -> Done {
    let number = known(&handle, &number)?;
    let end = match (form.count.trim(), form.seconds.trim()) {
        ("", seconds) => FloodEnd::Time(length(seconds)?),
        (count, "") => {
            let count = count.parse().ok().filter(|count| *count <= MAX_FLOOD);
            let refusal = || Refused(format!("A flood has 0 to {MAX_FLOOD} messages."));
            FloodEnd::Count(count.ok_or_else(refusal)?)
        }
        _ => return Err(Refused("A flood ends by its count or by its seconds, not by both.".to_owned())),
    };
    handle.flood(&number, end);
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NetworkFault {
    fault: Fault,
    #[serde(default)]
    seconds: String,
    #[serde(default)]
    number: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fault {
    Silence,
    Down,
    Drop,
    Garbage,
    Truncate,
    Clock,
}

/// Breaks the network, or the clock.
pub(super) async fn network(State(handle): State<Handle>, Form(form): Form<NetworkFault>) -> Done {
    let number = optional(&form.number)?;
    if number.is_some() && matches!(form.fault, Fault::Down | Fault::Clock) {
        return Err(Refused("There is one clock and one network for all numbers.".to_owned()));
    }
    match form.fault {
        Fault::Silence => handle.silence(number.as_ref(), length(&form.seconds)?),
        Fault::Down => handle.go_down(length(&form.seconds)?),
        Fault::Clock => handle.set_clock_skew(skew(&form.seconds)?),
        Fault::Drop => drop(handle.break_connections(Breakage::Drop, number.as_ref())),
        Fault::Garbage => drop(handle.break_connections(Breakage::Garbage, number.as_ref())),
        Fault::Truncate => drop(handle.break_connections(Breakage::Truncate, number.as_ref())),
    }
    Ok(Redirect::to("/#network"))
}

fn length(seconds: &str) -> Result<Duration, Refused> {
    let length = seconds.trim().parse().ok().map(Duration::from_secs).filter(|length| *length <= LONGEST);
    length.ok_or_else(|| Refused(format!("A fault lasts 0 to {} seconds.", LONGEST.as_secs())))
}

fn skew(seconds: &str) -> Result<i64, Refused> {
    let skew = seconds.trim().parse().ok().filter(|skew| (-MOST_SKEW..=MOST_SKEW).contains(skew));
    skew.ok_or_else(|| Refused(format!("A clock is wrong by at most {MOST_SKEW} seconds, fast or slow.")))
}

#[derive(Deserialize)]
pub(super) struct Order {
    method: String,
    #[serde(default)]
    number: String,
    code: i32,
    name: String,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Lets the next calls of a method fail.
pub(super) async fn refuse(State(handle): State<Handle>, Form(form): Form<Order>) -> Done {
    let number = optional(&form.number)?;
    let named =
        form.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !named || form.name.is_empty() || !(1..=1000).contains(&form.times) {
        return Err(Refused(
            "An error has a name such as FLOOD_WAIT_30, and comes 1 to 1000 times.".to_owned(),
        ));
    }
    handle.refuse(form.method.trim(), number.as_ref(), RpcError::new(form.code, form.name), form.times);
    Ok(Redirect::to("/#refusals"))
}
