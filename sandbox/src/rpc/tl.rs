//! Values of the schema that several methods return. They have dozens of optional fields, which are only spelled out here.

use grammers_tl_types::{enums, types};

use crate::backend::{Device, Message, Phone, PhoneNumber};

/// The user that Telegram's own messages come from.
pub(crate) const SERVICE_USER: i64 = 777_000;

/// Seconds since 1970 as the schema has them.
pub(crate) fn date(seconds: i64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

fn empty_user(id: i64, access_hash: i64, first_name: &str) -> types::User {
    types::User {
        is_self: false,
        contact: false,
        mutual_contact: false,
        deleted: false,
        bot: false,
        bot_chat_history: false,
        bot_nochats: false,
        verified: false,
        restricted: false,
        min: false,
        bot_inline_geo: false,
        support: false,
        scam: false,
        apply_min_photo: false,
        fake: false,
        bot_attach_menu: false,
        premium: false,
        attach_menu_enabled: false,
        bot_can_edit: false,
        close_friend: false,
        stories_hidden: false,
        stories_unavailable: false,
        contact_require_premium: false,
        bot_business: false,
        bot_has_main_app: false,
        bot_forum_view: false,
        bot_forum_can_manage_topics: false,
        id,
        access_hash: Some(access_hash),
        first_name: Some(first_name.to_owned()),
        last_name: None,
        username: None,
        phone: None,
        photo: None,
        status: None,
        bot_info_version: None,
        restriction_reason: None,
        bot_inline_placeholder: None,
        lang_code: None,
        emoji_status: None,
        usernames: None,
        stories_max_id: None,
        color: None,
        profile_color: None,
        bot_active_users: None,
        bot_verification_icon: None,
        send_paid_messages_stars: None,
    }
}

/// What is common to the own user and to others. A bot has a username instead of a status.
fn user(phone: &Phone, status: enums::UserStatus) -> types::User {
    let empty = empty_user(phone.user_id, phone.access_hash, &phone.first_name);
    let user = types::User { photo: photo(phone), ..empty };
    match &phone.bot {
        None => types::User { last_name: Some(phone.last_name.clone()), status: Some(status), ..user },
        Some(bot) => {
            types::User { bot: true, bot_info_version: Some(1), username: Some(bot.username.clone()), ..user }
        }
    }
}

/// The caller's own user.
pub(crate) fn own_user(number: &PhoneNumber, phone: &Phone) -> enums::User {
    let status = enums::UserStatus::Offline(types::UserStatusOffline { was_online: 1 });
    enums::User::User(types::User {
        is_self: true,
        phone: phone.bot.is_none().then(|| number.to_string()),
        ..user(phone, status)
    })
}

/// Another user, without the phone number.
pub(crate) fn other_user(phone: &Phone) -> enums::User {
    enums::User::User(types::User {
        deleted: !phone.account.is_usable(),
        ..user(phone, enums::UserStatus::Recently(types::UserStatusRecently { by_me: false }))
    })
}

/// The data centre of an account that every data centre serves: the one that clients begin with.
const FIRST_DC: i32 = 1;

fn photo(phone: &Phone) -> Option<enums::UserProfilePhoto> {
    phone.picture.as_ref().map(|picture| {
        enums::UserProfilePhoto::Photo(types::UserProfilePhoto {
            has_video: false,
            personal: false,
            photo_id: picture.id,
            stripped_thumb: None,
            dc_id: phone.dc.unwrap_or(FIRST_DC),
        })
    })
}

/// Telegram's service user.
pub(crate) fn service_user() -> enums::User {
    enums::User::User(types::User {
        verified: true,
        support: true,
        phone: Some("42777".to_owned()),
        ..empty_user(SERVICE_USER, SERVICE_USER, "Telegram")
    })
}

/// The chat with Telegram.
pub(crate) fn service_peer() -> enums::Peer {
    enums::Peer::User(types::PeerUser { user_id: SERVICE_USER })
}

/// A message from Telegram.
pub(crate) fn message(message: &Message) -> enums::Message {
    enums::Message::Message(types::Message {
        out: false,
        mentioned: false,
        media_unread: false,
        silent: false,
        post: false,
        from_scheduled: false,
        legacy: false,
        edit_hide: false,
        pinned: false,
        noforwards: false,
        invert_media: false,
        offline: false,
        video_processing_pending: false,
        paid_suggested_post_stars: false,
        paid_suggested_post_ton: false,
        id: message.id,
        from_id: None,
        from_boosts_applied: None,
        peer_id: service_peer(),
        saved_peer_id: None,
        fwd_from: None,
        via_bot_id: None,
        via_business_bot_id: None,
        reply_to: None,
        date: date(message.date),
        message: message.text.clone(),
        media: None,
        reply_markup: None,
        entities: None,
        views: None,
        forwards: None,
        replies: None,
        edit_date: None,
        post_author: None,
        grouped_id: None,
        reactions: None,
        restriction_reason: None,
        ttl_period: None,
        quick_reply_shortcut_id: None,
        effect: None,
        factcheck: None,
        report_delivery_until_date: None,
        paid_message_stars: None,
        suggested_post: None,
        schedule_repeat_period: None,
        summary_from_language: None,
    })
}

/// The update with a new message.
pub(crate) fn new_message(new: &Message) -> enums::Updates {
    let update = types::UpdateNewMessage { message: message(new), pts: new.pts, pts_count: 1 };
    enums::Updates::Updates(types::Updates {
        updates: vec![enums::Update::NewMessage(update)],
        users: vec![service_user()],
        chats: Vec::new(),
        date: date(new.date),
        seq: 0,
    })
}

/// The update that makes a client request its configuration again.
pub(crate) fn new_config(now: i64) -> enums::Updates {
    let update = enums::Update::Config;
    enums::Updates::UpdateShort(types::UpdateShort { update, date: date(now) })
}

/// The update that makes an app ask for the result of its login token.
pub(crate) fn login_token_accepted(now: i64) -> enums::Updates {
    let update = enums::Update::LoginToken;
    enums::Updates::UpdateShort(types::UpdateShort { update, date: date(now) })
}

/// The update about a new session that has to be confirmed; without a device, about one that need not be any more.
pub(crate) fn new_authorization(hash: i64, unconfirmed: Option<&Device>, now: i64) -> enums::Updates {
    let update = types::UpdateNewAuthorization {
        unconfirmed: unconfirmed.is_some(),
        hash,
        date: unconfirmed.map(|device| date(device.created)),
        device: unconfirmed.map(|device| format!("{}, {}", device.app.name(), device.app.device_model)),
        location: unconfirmed.map(|device| device.place.country.clone()),
    };
    enums::Updates::UpdateShort(types::UpdateShort {
        update: enums::Update::NewAuthorization(update),
        date: date(now),
    })
}

/// The update with a new name of the own user.
pub(crate) fn new_name(phone: &Phone, now: i64) -> enums::Updates {
    let update = types::UpdateUserName {
        user_id: phone.user_id,
        first_name: phone.first_name.clone(),
        last_name: phone.last_name.clone(),
        usernames: Vec::new(),
    };
    enums::Updates::UpdateShort(types::UpdateShort {
        update: enums::Update::UserName(update),
        date: date(now),
    })
}

/// The update with a new picture of the own user, or without one.
pub(crate) fn new_picture(number: &PhoneNumber, phone: &Phone, now: i64) -> enums::Updates {
    enums::Updates::Updates(types::Updates {
        updates: vec![enums::Update::User(types::UpdateUser { user_id: phone.user_id })],
        users: vec![own_user(number, phone)],
        chats: Vec::new(),
        date: date(now),
        seq: 0,
    })
}

/// The state of an account.
pub(crate) fn state(phone: &Phone, date: i32) -> enums::updates::State {
    enums::updates::State::State(types::updates::State {
        pts: phone.pts,
        qts: 0,
        date,
        seq: 1,
        unread_count: 0,
    })
}

/// Default notification settings.
pub(crate) fn notify_settings() -> enums::PeerNotifySettings {
    enums::PeerNotifySettings::Settings(types::PeerNotifySettings {
        show_previews: None,
        silent: None,
        mute_until: None,
        ios_sound: None,
        android_sound: None,
        other_sound: None,
        stories_muted: None,
        stories_hide_sender: None,
        stories_ios_sound: None,
        stories_android_sound: None,
        stories_other_sound: None,
    })
}

/// The chat with Telegram as a row of the chat list, if it has messages.
pub(crate) fn service_dialog(phone: &Phone) -> Option<enums::Dialog> {
    let unread = i32::try_from(phone.messages.len()).unwrap_or(i32::MAX);
    phone.messages.back().map(|last| {
        enums::Dialog::Dialog(types::Dialog {
            pinned: false,
            unread_mark: false,
            view_forum_as_messages: false,
            peer: service_peer(),
            top_message: last.id,
            read_inbox_max_id: 0,
            read_outbox_max_id: 0,
            unread_count: unread,
            unread_mentions_count: 0,
            unread_reactions_count: 0,
            notify_settings: notify_settings(),
            pts: None,
            draft: None,
            folder_id: None,
            ttl_period: None,
        })
    })
}
