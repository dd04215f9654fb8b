//! `help.*`: the configuration that a client requests first.

use grammers_tl_types::{enums, functions::help, types};

use super::{Access, Call, Methods, tl};
use crate::backend::Account;
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::Open, get_config);
    methods.add(Access::Open, get_app_config);
    methods.add(Access::Open, get_nearest_dc);
    methods.add(Access::SignedIn, get_promo_data);
    methods.add(Access::SignedIn, get_terms_of_service_update);
}

/// Seconds for which a client keeps the configuration.
const LIFETIME: i32 = 3600;

/// `this_dc` must be the data centre that the client means to call, or TDLib repeats the request for ever.
fn get_config(call: &mut Call<'_>, _: help::GetConfig) -> Result<enums::Config, RpcError> {
    let date = call.date();
    Ok(enums::Config::Config(types::Config {
        default_p2p_contacts: false,
        preload_featured_stickers: false,
        revoke_pm_inbox: false,
        blocked_mode: false,
        force_try_ipv6: false,
        date,
        expires: date.saturating_add(LIFETIME),
        test_mode: true,
        this_dc: call.dc,
        dc_options: (1..=5).filter_map(|dc| dc_option(call, dc)).collect(),
        dc_txt_domain_name: String::new(),
        chat_size_max: 200,
        megagroup_size_max: 1000,
        forwarded_count_max: 100,
        online_update_period_ms: 120_000,
        offline_blur_timeout_ms: 5_000,
        offline_idle_timeout_ms: 30_000,
        online_cloud_timeout_ms: 300_000,
        notify_cloud_delay_ms: 30_000,
        notify_default_delay_ms: 1_500,
        push_chat_period_ms: 60_000,
        push_chat_limit: 2,
        edit_time_limit: 172_800,
        revoke_time_limit: 172_800,
        revoke_pm_time_limit: 172_800,
        rating_e_decay: 2_419_200,
        stickers_recent_limit: 200,
        channels_read_media_period: 604_800,
        tmp_sessions: None,
        call_receive_timeout_ms: 20_000,
        call_ring_timeout_ms: 90_000,
        call_connect_timeout_ms: 30_000,
        call_packet_timeout_ms: 10_000,
        me_url_prefix: "https://t.me/".to_owned(),
        autoupdate_url_prefix: None,
        gif_search_username: None,
        venue_search_username: None,
        img_search_username: None,
        static_maps_provider: None,
        caption_length_max: 1024,
        message_length_max: 4096,
        webfile_dc_id: call.dc,
        suggested_lang_code: None,
        lang_pack_version: None,
        base_lang_pack_version: None,
        reactions_default: None,
        autologin_token: None,
    }))
}

/// All data centres have the same address. Through the proxy, the address does not matter. At Telegram's own addresses
/// none is announced: clients know them.
fn dc_option(call: &Call<'_>, id: i32) -> Option<enums::DcOption> {
    let address = call.mtproto_address.filter(|address| !address.ip().is_unspecified())?;
    Some(enums::DcOption::Option(types::DcOption {
        ipv6: address.is_ipv6(),
        media_only: false,
        tcpo_only: false,
        cdn: false,
        r#static: false,
        this_port_only: true,
        id,
        ip_address: address.ip().to_string(),
        port: i32::from(address.port()),
        secret: None,
    }))
}

/// How long a frozen account is kept before it would be deleted, in seconds.
const FROZEN_FOR: i64 = 30 * 24 * 3600;

/// Announces that an account is frozen; there is nothing else to configure. The hash identifies the content.
fn get_app_config(
    call: &mut Call<'_>,
    request: help::GetAppConfig,
) -> Result<enums::help::AppConfig, RpcError> {
    let frozen = match call.me() {
        Ok((_, phone)) if phone.account == Account::Frozen => Some(phone.frozen_since),
        _ => None,
    };
    let hash = frozen.map_or(1, tl::date);
    if request.hash == hash {
        return Ok(enums::help::AppConfig::NotModified);
    }
    let config = types::JsonObject { value: frozen.map(freeze_entries).unwrap_or_default() };
    Ok(enums::help::AppConfig::Config(types::help::AppConfig { hash, config: config.into() }))
}

fn freeze_entries(since: i64) -> Vec<enums::JsonobjectValue> {
    let number = |seconds| types::JsonNumber { value: f64::from(tl::date(seconds)) }.into();
    let appeal = types::JsonString { value: "https://t.me/spambot".to_owned() };
    let entry =
        |key: &str, value: enums::Jsonvalue| types::JsonObjectValue { key: key.to_owned(), value }.into();
    vec![
        entry("freeze_since_date", number(since)),
        entry("freeze_until_date", number(since.saturating_add(FROZEN_FOR))),
        entry("freeze_appeal_url", appeal.into()),
    ]
}

fn get_nearest_dc(call: &mut Call<'_>, _: help::GetNearestDc) -> Result<enums::NearestDc, RpcError> {
    Ok(enums::NearestDc::Dc(types::NearestDc {
        country: "ZZ".to_owned(),
        this_dc: call.dc,
        nearest_dc: call.dc,
    }))
}

/// Nothing is advertised.
fn get_promo_data(call: &mut Call<'_>, _: help::GetPromoData) -> Result<enums::help::PromoData, RpcError> {
    let expires = call.date().saturating_add(LIFETIME);
    Ok(enums::help::PromoData::Empty(types::help::PromoDataEmpty { expires }))
}

/// What a new user agrees to.
pub(super) fn terms_of_service() -> enums::help::TermsOfService {
    let id = types::DataJson { data: "{\"terms\":\"sandbox\"}".to_owned() };
    enums::help::TermsOfService::Service(types::help::TermsOfService {
        popup: false,
        id: id.into(),
        text: "Terms of the sandbox: this account exists on this machine only.".to_owned(),
        entities: Vec::new(),
        min_age_confirm: Some(16),
    })
}

/// The terms stay as they are.
fn get_terms_of_service_update(
    call: &mut Call<'_>,
    _: help::GetTermsOfServiceUpdate,
) -> Result<enums::help::TermsOfServiceUpdate, RpcError> {
    let expires = call.date().saturating_add(LIFETIME);
    let empty = types::help::TermsOfServiceUpdateEmpty { expires };
    Ok(enums::help::TermsOfServiceUpdate::Empty(empty))
}
