//! The content of the page.

use askama::Template;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::time::Instant;

use crate::backend::{Account, Backend, Phone, PhoneNumber, Via};
use crate::handle::Handle;
use crate::network::{Network, Silence};
use crate::server::injected::InjectedError;

/// Phones on one page, the most recently used first.
const MAX_PHONES: usize = 60;
/// Messages of one phone.
const MAX_MESSAGES: usize = 12;

#[derive(Template)]
#[template(path = "phones.html")]
pub(super) struct Page {
    pub(super) search: String,
    pub(super) total: usize,
    pub(super) hidden: usize,
    pub(super) changes: u64,
    pub(super) token_lifetime: i64,
    pub(super) phones: Vec<PhoneView>,
    pub(super) injected_errors: Vec<InjectedError>,
    pub(super) faults: Vec<String>,
}

pub(super) struct PhoneView {
    pub(super) number: PhoneNumber,
    pub(super) formatted: String,
    pub(super) name: String,
    pub(super) has_picture: bool,
    pub(super) account: Account,
    pub(super) dc: Option<i32>,
    pub(super) hint: Option<String>,
    /// A bot's token.
    pub(super) bot_token: Option<String>,
    pub(super) login_address: String,
    pub(super) email_required: bool,
    pub(super) premium_required: bool,
    pub(super) sessions: Vec<SessionView>,
    pub(super) messages: Vec<MessageView>,
    pub(super) more: usize,
}

pub(super) struct SessionView {
    pub(super) hash: i64,
    pub(super) device: String,
    pub(super) details: String,
    pub(super) place: String,
    pub(super) since: String,
    pub(super) is_unconfirmed: bool,
}

pub(super) struct MessageView {
    pub(super) from: &'static str,
    pub(super) date: i64,
    pub(super) time: String,
    pub(super) text: String,
    pub(super) code: Option<String>,
}

impl Page {
    pub(super) fn new(handle: &Handle, search: String) -> Self {
        let server = handle.server();
        let injected_errors = server.injected_errors.all();
        let faults = faults(&server.network);
        handle.inspect(|backend| {
            let wanted = search.trim().to_lowercase();
            let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
            let matches = |number: &PhoneNumber, phone: &Phone| {
                wanted.is_empty()
                    || (!digits.is_empty() && number.as_str().contains(&digits))
                    || format!("{} {}", phone.first_name, phone.last_name).to_lowercase().contains(&wanted)
            };
            let mut found: Vec<_> =
                backend.phones.iter().filter(|(number, phone)| matches(number, phone)).collect();
            found.sort_by_key(|(number, phone)| std::cmp::Reverse(last_used(backend, number, phone)));
            let hidden = found.len().saturating_sub(MAX_PHONES);
            let shown = found.into_iter().take(MAX_PHONES);
            Self {
                total: backend.phones.len(),
                token_lifetime: backend.login_tokens.lifetime,
                hidden,
                changes: *server.changes.borrow(),
                phones: shown.map(|(number, phone)| PhoneView::new(backend, number, phone)).collect(),
                injected_errors,
                faults,
                search,
            }
        })
    }
}

/// Descriptions of the faults that are active.
fn faults(network: &Network) -> Vec<String> {
    let seconds = |until: Instant| until.saturating_duration_since(Instant::now()).as_secs() + 1;
    let silence = |silence: &Silence| {
        let target = silence.number.as_ref().map_or("all numbers".to_owned(), ToString::to_string);
        format!("Silence for {target}, {} seconds left", seconds(silence.until))
    };
    let mut faults: Vec<_> = network.silences(Instant::now()).iter().map(silence).collect();
    if let Some(left) = network.down_for(Instant::now()) {
        faults.push(format!("No connections, {} seconds left", left.as_secs() + 1));
    }
    match network.skew() {
        0 => {}
        skew if skew > 0 => faults.push(format!("The clock is fast by {skew} seconds")),
        skew => faults.push(format!("The clock is slow by {} seconds", skew.unsigned_abs())),
    }
    faults
}

fn last_used(backend: &Backend, number: &PhoneNumber, phone: &Phone) -> (i64, i64) {
    let messages = phone.messages.back().map(|message| message.date);
    let texts = phone.sms.back().map(|text| text.date);
    let session = backend.devices_of(number).map(|(_, device)| device.created).max();
    (messages.max(texts).max(session).unwrap_or_default(), phone.user_id)
}

impl PhoneView {
    fn new(backend: &Backend, number: &PhoneNumber, phone: &Phone) -> Self {
        let messages = messages(phone);
        let sessions = backend.devices_of(number).map(|(hash, device)| SessionView {
            hash,
            device: device.app.device_model.clone(),
            details: format!(
                "{} {}, {}",
                device.app.name(),
                device.app.app_version,
                device.app.system_version
            ),
            place: format!("{}, {}", device.place.country, device.place.ip),
            since: format_time(device.created),
            is_unconfirmed: device.unconfirmed,
        });
        Self {
            formatted: match &phone.bot {
                Some(bot) => format!("@{}", bot.username),
                None => format_number(number),
            },
            bot_token: phone.bot.as_ref().map(|bot| bot.token.clone()),
            number: number.clone(),
            name: format!("{} {}", phone.first_name, phone.last_name),
            has_picture: phone.picture.is_some(),
            account: phone.account,
            dc: phone.dc,
            hint: phone.password.as_ref().map(|password| password.hint.clone()),
            login_address: phone.login_email.address.clone().unwrap_or_default(),
            email_required: phone.login_email.required,
            premium_required: phone.premium_required,
            sessions: sessions.collect(),
            more: messages.len().saturating_sub(MAX_MESSAGES),
            messages: messages.into_iter().take(MAX_MESSAGES).collect(),
        }
    }
}

/// What the phone received, newest first.
pub(super) fn messages(phone: &Phone) -> Vec<MessageView> {
    let view = |from, date, text: &String, code: Option<&String>| MessageView {
        from,
        date,
        time: format_time(date),
        text: text.clone(),
        code: code.cloned().or_else(|| code_in(text).map(str::to_owned)),
    };
    let texts = phone.sms.iter().map(|sms| {
        let code = sms.code.as_ref();
        (sms.order, view(source(sms.via), sms.date, &sms.text, code))
    });
    let app = phone.messages.iter().map(|message| {
        let code = message.code.as_ref();
        (message.order, view("Telegram", message.date, &message.text, code))
    });
    let mut all: Vec<_> = texts.chain(app).collect();
    all.sort_by_key(|(order, message)| std::cmp::Reverse((message.date, *order)));
    all.into_iter().map(|(_, message)| message).collect()
}

const fn source(via: Via) -> &'static str {
    match via {
        Via::Sms => "SMS",
        Via::Call => "Call",
        Via::MissedCall => "Missed call",
        Via::Fragment => "Fragment",
        Via::Email => "E-mail",
    }
}

/// The login code in a message that a test wrote: a word of five digits.
fn code_in(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|word| word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

fn format_time(seconds: i64) -> String {
    let format = format_description!("[day] [month repr:short], [hour]:[minute]:[second] UTC");
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}

/// A number in groups: test numbers as prefix, data centre and rest, others in threes.
fn format_number(number: &PhoneNumber) -> String {
    let digits = number.as_str();
    let cuts: &[usize] = if number.fixed_code().is_some() { &[3, 5, 6] } else { &[2, 5, 8, 11] };
    let mut out = String::from("+");
    for (at, digit) in digits.chars().enumerate() {
        if cuts.contains(&at) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_and_numbers_are_formatted() {
        assert_eq!(code_in("Login code: 01234. Do not give"), Some("01234"));
        assert_eq!(code_in("Telegram code: 22222"), Some("22222"));
        assert_eq!(code_in("call 123456 or a1234"), None);
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
        assert_eq!(format_number(&number("9996621234")).replace('\u{a0}', " "), "+999 66 2 1234");
        assert_eq!(format_number(&number("4915112345678")).replace('\u{a0}', " "), "+49 151 123 456 78");
    }
}
