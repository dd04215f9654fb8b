//! `messages.*`: the chat list, which has one chat at most, and that chat's history.

use grammers_tl_types::{enums, functions::messages, types};

use super::{Access, Call, Methods, tl};
use crate::backend::Phone;
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_dialogs);
    methods.add(Access::SignedIn, get_pinned_dialogs);
    methods.add(Access::SignedIn, get_peer_dialogs);
    methods.add(Access::SignedIn, get_history);
    methods.add(Access::SignedIn, get_dialog_unread_marks);
}

/// Messages in one answer.
const MAX_MESSAGES: i32 = 100;

/// The folder of archived chats is empty, and so is every page of the list but the first.
fn get_dialogs(
    call: &mut Call<'_>,
    request: messages::GetDialogs,
) -> Result<enums::messages::Dialogs, RpcError> {
    let (number, me) = call.me()?;
    let first_page =
        request.folder_id.unwrap_or_default() == 0 && request.offset_id == 0 && request.offset_date == 0;
    let dialogs: Vec<_> = tl::service_dialog(me).filter(|_| first_page).into_iter().collect();
    let messages = if dialogs.is_empty() { Vec::new() } else { last(me) };
    Ok(enums::messages::Dialogs::Dialogs(types::messages::Dialogs {
        dialogs,
        messages,
        chats: Vec::new(),
        users: vec![tl::service_user(), tl::own_user(&number, me)],
    }))
}

fn last(phone: &Phone) -> Vec<enums::Message> {
    phone.messages.back().map(tl::message).into_iter().collect()
}

fn get_pinned_dialogs(
    call: &mut Call<'_>,
    _: messages::GetPinnedDialogs,
) -> Result<enums::messages::PeerDialogs, RpcError> {
    peer_dialogs(call, false)
}

fn get_peer_dialogs(
    call: &mut Call<'_>,
    request: messages::GetPeerDialogs,
) -> Result<enums::messages::PeerDialogs, RpcError> {
    let wanted = request.peers.iter().any(|peer| match peer {
        enums::InputDialogPeer::Peer(peer) => is_service(&peer.peer),
        enums::InputDialogPeer::Folder(_) => false,
    });
    peer_dialogs(call, wanted)
}

fn peer_dialogs(call: &Call<'_>, with_service: bool) -> Result<enums::messages::PeerDialogs, RpcError> {
    let (number, me) = call.me()?;
    let dialogs: Vec<_> = tl::service_dialog(me).filter(|_| with_service).into_iter().collect();
    let messages = if dialogs.is_empty() { Vec::new() } else { last(me) };
    Ok(enums::messages::PeerDialogs::Dialogs(types::messages::PeerDialogs {
        dialogs,
        messages,
        chats: Vec::new(),
        users: vec![tl::service_user(), tl::own_user(&number, me)],
        state: tl::state(me, call.date()),
    }))
}

fn is_service(peer: &enums::InputPeer) -> bool {
    matches!(peer, enums::InputPeer::User(user) if user.user_id == tl::SERVICE_USER)
}

/// Messages older than `offset_id`, newest first; `add_offset` moves the window.
fn get_history(
    call: &mut Call<'_>,
    request: messages::GetHistory,
) -> Result<enums::messages::Messages, RpcError> {
    let (number, me) = call.me()?;
    if !is_service(&request.peer) {
        return Err(RpcError::bad("PEER_ID_INVALID"));
    }
    Ok(enums::messages::Messages::Messages(types::messages::Messages {
        messages: history(me, &request),
        topics: Vec::new(),
        chats: Vec::new(),
        users: vec![tl::service_user(), tl::own_user(&number, me)],
    }))
}

fn history(phone: &Phone, request: &messages::GetHistory) -> Vec<enums::Message> {
    let newer = |id: i32, date: i64| {
        (request.offset_id > 0 && id >= request.offset_id)
            || (request.offset_date > 0 && date >= i64::from(request.offset_date))
    };
    let all: Vec<_> = phone.messages.iter().rev().collect();
    let start = all.iter().take_while(|message| newer(message.id, message.date)).count();
    let start = i64::try_from(start).unwrap_or_default() + i64::from(request.add_offset);
    let end = start + i64::from(request.limit.clamp(0, MAX_MESSAGES));
    let window =
        usize::try_from(start.max(0)).unwrap_or_default()..usize::try_from(end.max(0)).unwrap_or_default();
    let within = |id: i32| (request.max_id <= 0 || id < request.max_id) && id > request.min_id;
    all.into_iter()
        .enumerate()
        .filter(|(at, message)| window.contains(at) && within(message.id))
        .map(|(_, message)| tl::message(message))
        .collect()
}

/// No chat is ever marked as unread manually.
fn get_dialog_unread_marks(
    call: &mut Call<'_>,
    _: messages::GetDialogUnreadMarks,
) -> Result<Vec<enums::DialogPeer>, RpcError> {
    call.me().map(|_| Vec::new())
}
