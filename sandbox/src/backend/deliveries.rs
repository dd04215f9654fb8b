//! How login codes are delivered: in which order, and in which form.

use serde::{Deserialize, Serialize};

use super::{Backend, Code, PhoneNumber, Via};
use crate::crypto::random;

/// One way to deliver a code.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// As a message from Telegram to the number's other sessions.
    App,
    #[default]
    Sms,
    /// An SMS with a word.
    SmsWord,
    /// An SMS with several words.
    SmsPhrase,
    /// A voice reads the digits.
    Call,
    /// A missed call. The code is the caller's whole number.
    FlashCall,
    /// A missed call. The code is the end of the caller's number.
    MissedCall,
    /// On the site where anonymous numbers are sold.
    Fragment,
    /// An SMS that is sent when the app has proved its origin to Firebase.
    FirebaseSms,
}

/// What a code by SMS consists of, if no deliveries were chosen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsCode {
    #[default]
    Digits,
    Word,
    Phrase,
}

impl SmsCode {
    pub(super) const fn delivery(self) -> Delivery {
        match self {
            Self::Digits => Delivery::Sms,
            Self::Word => Delivery::SmsWord,
            Self::Phrase => Delivery::SmsPhrase,
        }
    }
}

/// How the codes of a number are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deliveries {
    /// The first one is for a new code, the others for requests to send it again. Empty: a message if the number is signed
    /// in, else an SMS.
    pub sequence: Vec<Delivery>,
    /// The seconds that a client has to wait before it may ask for the next delivery.
    pub timeout: Option<i32>,
    /// How many digits codes have.
    pub length: usize,
    /// The secret phrase. Its first word is the secret word.
    pub words: String,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { sequence: Vec::new(), timeout: None, length: 5, words: "apple tree".to_owned() }
    }
}

impl Deliveries {
    /// The most digits that a code can have.
    pub const MAX_LENGTH: usize = 32;

    fn first_word(&self) -> &str {
        self.words.split_whitespace().next().unwrap_or_default()
    }

    /// What has to be entered when a code with these digits is delivered like this.
    pub(crate) fn entered(&self, delivery: Delivery, digits: &str) -> String {
        match delivery {
            Delivery::App
            | Delivery::Sms
            | Delivery::Call
            | Delivery::MissedCall
            | Delivery::Fragment
            | Delivery::FirebaseSms => digits.to_owned(),
            Delivery::FlashCall => format!("{CALLER}{digits}"),
            Delivery::SmsWord => self.first_word().to_owned(),
            Delivery::SmsPhrase => self.words.clone(),
        }
    }
}

/// What the numbers begin with that missed calls come from.
pub(crate) const CALLER: &str = "42100";

/// New digits for a code.
pub(super) fn new_digits(number: &PhoneNumber, length: usize) -> String {
    match number.fixed_digit() {
        Some(digit) => digit.repeat(length),
        None => (0..length).map(|_| char::from(b'0' + u8::from_le_bytes(random()) % 10)).collect(),
    }
}

impl Delivery {
    /// Whether this is what was sent. Words may be written in capitals and with more spaces, and the caller's number with
    /// a plus.
    pub(crate) fn accepts(self, expected: &str, entered: &str) -> bool {
        match self {
            Self::SmsWord | Self::SmsPhrase => {
                let words =
                    |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
                words(expected) == words(entered)
            }
            Self::FlashCall => entered.strip_prefix('+').unwrap_or(entered) == expected,
            Self::App | Self::Sms | Self::Call | Self::MissedCall | Self::Fragment | Self::FirebaseSms => {
                expected == entered
            }
        }
    }
}

/// The message that a login code comes with. Clients find the digits in it.
fn app_text(digits: &str) -> String {
    format!(
        "Login code: {digits}. Do not give this code to anyone, even if they say they are from Telegram!\n\n\
         This code gives access to your account.\n\n\
         If you are not signing in on another device, ignore this message."
    )
}

impl Backend {
    pub(crate) fn set_deliveries(&mut self, number: &PhoneNumber, deliveries: Deliveries) {
        if let Some(phone) = self.phone(number) {
            phone.deliveries = deliveries;
            self.changes += 1;
        }
    }

    pub(crate) fn set_sms_code(&mut self, number: &PhoneNumber, form: SmsCode) {
        if let Some(phone) = self.phone(number) {
            phone.sms_code = form;
            self.changes += 1;
        }
    }

    /// Lets the code arrive at the phone.
    pub(super) fn deliver(&mut self, number: &PhoneNumber, code: &Code, now: i64) {
        let text = &code.digits;
        let (via, message) = match code.delivery {
            Delivery::App => {
                self.post_code(number, &app_text(text), text, now);
                return;
            }
            // It is sent when the app asks for it.
            Delivery::FirebaseSms => return,
            Delivery::Sms | Delivery::SmsWord | Delivery::SmsPhrase => {
                (Via::Sms, format!("Telegram code: {text}"))
            }
            Delivery::Call => (Via::Call, format!("A voice says: your Telegram code is {text}.")),
            Delivery::FlashCall => (Via::MissedCall, format!("Missed call from +{text}")),
            Delivery::MissedCall => (Via::MissedCall, format!("Missed call from +{CALLER}{text}")),
            Delivery::Fragment => (Via::Fragment, format!("Telegram code: {text}")),
        };
        self.receive(number, via, &message, Some(text.clone()), now);
    }

    /// Sends the SMS of a code that waits for the app's proof. `false` if there is none.
    pub(crate) fn send_firebase_sms(&mut self, number: &PhoneNumber, code: &Code, now: i64) -> bool {
        if code.delivery != Delivery::FirebaseSms {
            return false;
        }
        let text = format!("Telegram code: {}", code.digits);
        self.receive(number, Via::Sms, &text, Some(code.digits.clone()), now);
        true
    }

    /// Notes that a client reported a code as missing, in this mobile network.
    pub(crate) fn report_missing_code(&mut self, number: &PhoneNumber, network: &str) {
        const MAX_REPORTS: usize = 100;
        if let Some(phone) = self.phones.get_mut(number)
            && phone.missing_codes.len() < MAX_REPORTS
        {
            phone.missing_codes.push(network.chars().take(16).collect());
            self.changes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_form_and_length_that_was_chosen() {
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
        let deliveries = Deliveries { words: "Blue  whale song".to_owned(), ..Deliveries::default() };
        assert_eq!(new_digits(&number("9996631234"), 7), "3333333");
        let random = new_digits(&number("4915112345678"), 7);
        assert!(random.len() == 7 && random.bytes().all(|byte| byte.is_ascii_digit()), "{random}");
        assert_eq!(deliveries.entered(Delivery::SmsWord, "1"), "Blue");
        assert_eq!(deliveries.entered(Delivery::FlashCall, "123"), "42100123");
        assert_eq!(deliveries.entered(Delivery::MissedCall, "123"), "123");
    }

    #[test]
    fn words_are_compared_as_people_write_them_and_digits_exactly() {
        for (delivery, expected, entered, accepted) in [
            (Delivery::SmsPhrase, "Blue  whale", " blue WHALE ", true),
            (Delivery::SmsPhrase, "blue whale", "bluewhale", false),
            (Delivery::SmsWord, "straße", "STRASSE", false),
            (Delivery::SmsWord, "blue", "Blue", true),
            (Delivery::FlashCall, "42100123", "+42100123", true),
            (Delivery::FlashCall, "42100123", "123", false),
            (Delivery::MissedCall, "123", "42100123", false),
            (Delivery::Sms, "12345", "12345 ", false),
            (Delivery::Sms, "01234", "1234", false),
        ] {
            assert_eq!(delivery.accepts(expected, entered), accepted, "{delivery:?} {entered}");
        }
    }
}
