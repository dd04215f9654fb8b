//! `users.*` and `contacts.*`.

use grammers_tl_types::functions::{contacts, users};
use grammers_tl_types::{enums, types};

use super::{Access, Call, Methods, tl};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_users);
    methods.add(Access::SignedIn, get_full_user);
    methods.add(Access::SignedIn, get_contacts);
}

/// The user that an `InputUser` of the caller refers to.
pub(super) fn find(call: &Call<'_>, request: &enums::InputUser) -> Result<enums::User, RpcError> {
    let (number, me) = call.me()?;
    let user = match request {
        enums::InputUser::UserSelf => return Ok(tl::own_user(&number, me)),
        enums::InputUser::User(user) => user,
        enums::InputUser::Empty | enums::InputUser::FromMessage(_) => {
            return Err(RpcError::bad("USER_ID_INVALID"));
        }
    };
    if user.user_id == tl::SERVICE_USER {
        return Ok(tl::service_user());
    }
    match call.backend.user(user.user_id) {
        Some((_, phone)) if phone.user_id == me.user_id => Ok(tl::own_user(&number, me)),
        Some((_, phone)) if phone.access_hash == user.access_hash => Ok(tl::other_user(phone)),
        _ => Err(RpcError::bad("USER_ID_INVALID")),
    }
}

/// Users that the caller cannot access are returned as empty.
fn get_users(call: &mut Call<'_>, request: users::GetUsers) -> Result<Vec<enums::User>, RpcError> {
    let users = request.id.iter().map(|id| find(call, id));
    Ok(users.map(|user| user.unwrap_or(enums::User::Empty(types::UserEmpty { id: 0 }))).collect())
}

fn get_full_user(
    call: &mut Call<'_>,
    request: users::GetFullUser,
) -> Result<enums::users::UserFull, RpcError> {
    let user = find(call, &request.id)?;
    Ok(enums::users::UserFull::Full(types::users::UserFull {
        full_user: full_user(user.id()),
        chats: Vec::new(),
        users: vec![user],
    }))
}

fn get_contacts(
    call: &mut Call<'_>,
    _: contacts::GetContacts,
) -> Result<enums::contacts::Contacts, RpcError> {
    call.me()?;
    Ok(enums::contacts::Contacts::Contacts(types::contacts::Contacts {
        contacts: Vec::new(),
        saved_count: 0,
        users: Vec::new(),
    }))
}

fn peer_settings() -> enums::PeerSettings {
    enums::PeerSettings::Settings(types::PeerSettings {
        report_spam: false,
        add_contact: false,
        block_contact: false,
        share_contact: false,
        need_contacts_exception: false,
        report_geo: false,
        autoarchived: false,
        invite_members: false,
        request_chat_broadcast: false,
        business_bot_paused: false,
        business_bot_can_reply: false,
        geo_distance: None,
        request_chat_title: None,
        request_chat_date: None,
        business_bot_id: None,
        business_bot_manage_url: None,
        charge_paid_message_stars: None,
        registration_month: None,
        phone_country: None,
        name_change_date: None,
        photo_change_date: None,
    })
}

/// Users here have no description and no business; a picture is known from their short form only.
fn full_user(id: i64) -> enums::UserFull {
    enums::UserFull::Full(types::UserFull {
        blocked: false,
        phone_calls_available: false,
        phone_calls_private: false,
        can_pin_message: false,
        has_scheduled: false,
        video_calls_available: false,
        voice_messages_forbidden: false,
        translations_disabled: false,
        stories_pinned_available: false,
        blocked_my_stories_from: false,
        wallpaper_overridden: false,
        contact_require_premium: false,
        read_dates_private: false,
        sponsored_enabled: false,
        can_view_revenue: false,
        bot_can_manage_emoji_status: false,
        display_gifts_button: false,
        id,
        about: None,
        settings: peer_settings(),
        personal_photo: None,
        profile_photo: None,
        fallback_photo: None,
        notify_settings: tl::notify_settings(),
        bot_info: None,
        pinned_msg_id: None,
        common_chats_count: 0,
        folder_id: None,
        ttl_period: None,
        theme: None,
        private_forward_name: None,
        bot_group_admin_rights: None,
        bot_broadcast_admin_rights: None,
        wallpaper: None,
        stories: None,
        business_work_hours: None,
        business_location: None,
        business_greeting_message: None,
        business_away_message: None,
        business_intro: None,
        birthday: None,
        personal_channel_id: None,
        personal_channel_message: None,
        stargifts_count: None,
        starref_program: None,
        bot_verification: None,
        send_paid_messages_stars: None,
        disallowed_gifts: None,
        stars_rating: None,
        stars_my_pending_rating: None,
        stars_my_pending_rating_date: None,
        main_tab: None,
        saved_music: None,
        note: None,
    })
}
