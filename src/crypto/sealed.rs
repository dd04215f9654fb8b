//! A secret that can be decrypted only with its key and only in its context.
//!
//! AES-256-GCM with a random nonce. The context is the associated data: a sealed value that is copied to another row,
//! field or version can't be opened there. The text form is `v1.KEYID.BASE64URL(nonce, ciphertext, tag)`.

use std::fmt;
use std::str::FromStr;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroize;

use crate::crypto::KeyError;
use crate::domain::Secret;

const NONCE: usize = 12;
const TAG: usize = 16;

/// What a sealed value is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// The two-step password of an account.
    TwoStepPassword,
    /// The token of a bot.
    BotToken,
    /// The key of an account's TDLib folder.
    FolderKey,
    /// The phone number, or the id of a bot, in a TDLib folder's manifest.
    FolderPhone,
    /// The sign-ins of a browser that wait for the identity provider's answer.
    PendingSignIns,
    /// The token that began a web session.
    IdToken,
    /// An empty value, sealed to recognise a key.
    KeyCheck,
    /// What a web session holds.
    WebSession,
    /// The profile picture of an account's Telegram user.
    ProfilePicture,
    /// A line of a list of people to invite.
    InviteLine,
    /// The devices that are signed in to an account.
    DeviceList,
    /// The two-step password before a change whose outcome is not known yet.
    TwoStepBefore,
    /// The two-step password after it.
    TwoStepAfter,
    /// A proxy for connections to Telegram: address, user name and password.
    Proxy,
    /// A line of a job that does something with many accounts or people.
    JobLine,
}

impl Purpose {
    /// The name in the database. It is part of the associated data, so it must not change.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The table or file, and the field, in which values of this purpose are stored.
    const fn home(self) -> (&'static str, &'static str) {
        match self {
            Self::TwoStepPassword
            | Self::BotToken
            | Self::TwoStepBefore
            | Self::TwoStepAfter
            | Self::Proxy => ("sealed_secrets", "sealed"),
            Self::FolderKey => ("account.json", "key"),
            Self::FolderPhone => ("account.json", "phone"),
            Self::PendingSignIns => ("cookie", "sign-in"),
            Self::IdToken => ("web_sessions", "data"),
            Self::KeyCheck => ("meta", "value"),
            Self::WebSession => ("web_sessions", "data"),
            Self::ProfilePicture => ("account_pictures", "sealed"),
            Self::InviteLine => ("invite_lines", "sealed"),
            Self::DeviceList => ("account_devices", "sealed"),
            Self::JobLine => ("job_lines", "sealed"),
        }
    }
}

/// Where a sealed value is stored: its purpose, row and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// Implies table and field.
    pub purpose: Purpose,
    pub row: &'a str,
    /// Incremented with each new value in this row.
    pub version: i64,
}

impl SealContext<'_> {
    /// Each part is prefixed with its length, so that no two contexts give the same bytes.
    fn associated_data(&self, key_id: &str) -> Vec<u8> {
        let (table, field) = self.purpose.home();
        let version = self.version.to_be_bytes();
        let parts: [&[u8]; 7] = [
            b"v1",
            key_id.as_bytes(),
            self.purpose.name().as_bytes(),
            table.as_bytes(),
            self.row.as_bytes(),
            field.as_bytes(),
            &version,
        ];
        let mut data = Vec::new();
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// A sealed value; its text form is not secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key_id: String,
    nonce: [u8; NONCE],
    ciphertext: Vec<u8>,
}

impl Sealed {
    pub(crate) fn seal(
        key_id: &str,
        key: &[u8; 32],
        place: &SealContext<'_>,
        secret: &Secret,
    ) -> Result<Self, KeyError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Randomness)?;
        let ciphertext = Aes256Gcm::new(key.into())
            .encrypt(
                &Nonce::from(nonce),
                Payload { msg: secret.expose().as_bytes(), aad: &place.associated_data(key_id) },
            )
            .map_err(|_| KeyError::Form)?;
        Ok(Self { key_id: key_id.to_owned(), nonce, ciphertext })
    }

    pub(crate) fn open(&self, key: &[u8; 32], place: &SealContext<'_>) -> Result<Secret, KeyError> {
        let opened = Aes256Gcm::new(key.into())
            .decrypt(
                &Nonce::from(self.nonce),
                Payload { msg: &self.ciphertext, aad: &place.associated_data(&self.key_id) },
            )
            .map_err(|_| KeyError::Damaged)?;
        String::from_utf8(opened).map(Secret::new).map_err(|error| {
            error.into_bytes().zeroize();
            KeyError::Damaged
        })
    }

    /// The id of the key that sealed it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.nonce.as_slice(), &self.ciphertext].concat();
        write!(f, "v1.{}.{}", self.key_id, URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id)
    }
}

impl FromStr for Sealed {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.split('.');
        let (Some("v1"), Some(key_id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyError::Form);
        };
        let named = key_id.len() == 8 && key_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| KeyError::Form)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(KeyError::Form)?;
        if !named || ciphertext.len() < TAG {
            return Err(KeyError::Form);
        }
        Ok(Self { key_id: key_id.to_owned(), nonce: *nonce, ciphertext: ciphertext.to_vec() })
    }
}
