//! The SMTP server that takes Telescope's e-mails.

use std::path::Path;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use url::{Host, Url};

use super::is_loopback_name;
use super::reader::Reader;
use super::values::decoded;
use crate::domain::Secret;

/// How e-mails are sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: SmtpServer,
    /// The sender of every e-mail.
    pub from: Mailbox,
    /// Authorities that are trusted beside the system's.
    pub authorities: Vec<Certificate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub encryption: SmtpEncryption,
    /// User name and password, if it requires them.
    pub login: Option<(String, Secret)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// TLS from the first byte.
    Implicit,
    /// The connection is upgraded before anything is sent. There is no fallback to plain text.
    StartTls,
    Unencrypted,
}

/// The settings, if e-mails are to be sent.
pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Option<MailSettings> {
    let is_set = env.text("SMTP_URL").is_some();
    let server = env.read("SMTP_URL", SmtpServer::parse);
    let from = env.read("SMTP_FROM", sender);
    let authorities = env.read("SMTP_CA_FILE", |file| authorities(file.as_ref())).unwrap_or_default();
    if !is_set {
        if from.is_some() {
            env.note("SMTP_FROM has no effect without SMTP_URL.");
        }
        return None;
    }
    if env.text("SMTP_FROM").is_none() {
        env.fault("SMTP_FROM is missing: the sender of e-mails, such as telescope@example.org.");
    }
    let server = server?;
    if server.encryption == SmtpEncryption::Unencrypted && !is_loopback_name(&server.host) {
        env.note("SMTP_URL has tls=none: invite links can be read on the way to the mail server.");
    }
    Some(MailSettings { server, from: from?, authorities })
}

impl SmtpServer {
    /// Parses `smtps://[USER:PASSWORD@]HOST[:PORT]` and `smtp://…[?tls=none]`. The error continues a sentence that begins
    /// with the setting's name.
    fn parse(text: &str) -> Result<Self, String> {
        let form = || {
            "must look like smtps://[USER:PASSWORD@]HOST[:PORT] or smtp://[USER:PASSWORD@]HOST[:PORT]."
                .to_owned()
        };
        let url = Url::parse(text).map_err(|_| form())?;
        let is_unencrypted = match url.query() {
            None => false,
            Some("tls=none") => true,
            Some(_) => return Err("has an unknown parameter; the only one is tls=none.".into()),
        };
        let (encryption, usual) = match (url.scheme(), is_unencrypted) {
            ("smtps", false) => (SmtpEncryption::Implicit, 465),
            ("smtps", true) => return Err("has tls=none, which contradicts smtps.".into()),
            ("smtp", false) => (SmtpEncryption::StartTls, 587),
            ("smtp", true) => (SmtpEncryption::Unencrypted, 25),
            _ => return Err(form()),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(form());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(Host::Domain(_)) | None => return Err(form()),
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user)?, Secret::new(decoded(password.unwrap_or_default())?))),
        };
        if login.is_some() && is_unencrypted && !is_loopback_name(&host) {
            return Err("would send the password unencrypted; remove tls=none.".into());
        }
        Ok(Self { host, port: url.port().unwrap_or(usual), encryption, login })
    }
}

/// An address, with a name or without.
fn sender(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| {
        "must be an address, such as telescope@example.org or Telescope <telescope@example.org>.".into()
    })
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, String> {
    let form = || "has to hold certificates in PEM, -----BEGIN CERTIFICATE----- and so on.".to_owned();
    let pem = std::fs::read(file).map_err(|error| format!("can't be read: {error}."))?;
    // The parser accepts a file without certificates.
    let has_one = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
    if !has_one {
        return Err(form());
    }
    Ok(vec![Certificate::from_pem(&pem).map_err(|_| form())?])
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;

    #[test]
    fn encryption_is_required_unless_it_is_turned_off() {
        for (text, host, port, encryption) in [
            ("smtps://mail.example.org", "mail.example.org", 465, SmtpEncryption::Implicit),
            ("smtp://mail.example.org", "mail.example.org", 587, SmtpEncryption::StartTls),
            ("smtp://mail.example.org:2525/", "mail.example.org", 2525, SmtpEncryption::StartTls),
            ("smtp://localhost?tls=none", "localhost", 25, SmtpEncryption::Unencrypted),
            ("smtps://[2001:db8::25]:10465", "2001:db8::25", 10465, SmtpEncryption::Implicit),
        ] {
            let server = SmtpServer::parse(text).unwrap();
            assert_eq!(
                (server.host.as_str(), server.port, server.encryption),
                (host, port, encryption),
                "{text}"
            );
        }
    }

    #[test]
    fn a_password_is_decoded_and_does_not_print() {
        let server = SmtpServer::parse("smtps://ada%40example.org:p%40ss%2Fword@mail.example.org").unwrap();
        let (user, password) = server.login.clone().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("ada@example.org", "p@ss/word"));
        assert!(!format!("{server:?}").contains("p@ss"));
    }

    #[test]
    fn wrong_settings_are_refused_with_a_sentence() {
        for (text, said) in [
            ("mail.example.org", "must look like"),
            ("http://mail.example.org", "must look like"),
            ("smtp://", "must look like"),
            ("smtp://mail.example.org/queue", "must look like"),
            ("smtp://mail.example.org?tls=required", "unknown parameter"),
            ("smtps://mail.example.org?tls=none", "contradicts"),
            ("smtp://ada:secret@mail.example.org?tls=none", "unencrypted"),
        ] {
            assert!(SmtpServer::parse(text).unwrap_err().contains(said), "{text}");
            let faults = config(&[("SMTP_URL", text), ("SMTP_FROM", "telescope@example.org")]).unwrap_err();
            assert!(faults.0.iter().all(|fault| !fault.contains("secret")), "{faults}");
        }
        let faults = config(&[("SMTP_URL", "smtps://mail.example.org")]).unwrap_err();
        assert!(faults.to_string().contains("SMTP_FROM is missing"), "{faults}");
        let faults =
            config(&[("SMTP_URL", "smtps://mail.example.org"), ("SMTP_FROM", "telescope")]).unwrap_err();
        assert!(faults.to_string().contains("SMTP_FROM must be an address"), "{faults}");
    }

    #[test]
    fn an_authority_that_is_none_is_refused_at_startup() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(authorities(&file).unwrap_err().starts_with("can't be read"));
        std::fs::write(&file, "nonsense").unwrap();
        assert!(authorities(&file).is_err());
        let own = rcgen::generate_simple_self_signed(["ca.example.org".into()]).unwrap();
        std::fs::write(&file, own.cert.pem()).unwrap();
        assert!(authorities(&file).is_ok());
    }
}
