//! `updates.*`: the state of an account, and what a client missed.

use grammers_tl_types::{enums, functions::updates, types};

use super::{Access, Call, Methods, tl};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_state);
    methods.add(Access::SignedIn, get_difference);
}

fn get_state(call: &mut Call<'_>, _: updates::GetState) -> Result<enums::updates::State, RpcError> {
    let (_, me) = call.me()?;
    Ok(tl::state(me, call.date()))
}

/// The messages that came after the state that the client knows.
fn get_difference(
    call: &mut Call<'_>,
    request: updates::GetDifference,
) -> Result<enums::updates::Difference, RpcError> {
    let date = call.date();
    let (number, me) = call.me()?;
    if request.pts < 1 || request.pts > me.pts {
        return Err(RpcError::bad("PERSISTENT_TIMESTAMP_INVALID"));
    }
    let missed = me.messages.iter().filter(|message| message.pts > request.pts);
    let new_messages: Vec<_> = missed.map(tl::message).collect();
    if new_messages.is_empty() {
        let empty = types::updates::DifferenceEmpty { date, seq: 1 };
        return Ok(enums::updates::Difference::Empty(empty));
    }
    Ok(enums::updates::Difference::Difference(types::updates::Difference {
        new_messages,
        new_encrypted_messages: Vec::new(),
        other_updates: Vec::new(),
        chats: Vec::new(),
        users: vec![tl::service_user(), tl::own_user(&number, me)],
        state: tl::state(me, date),
    }))
}
