//! E-mails, sent over the organisation's SMTP server.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::{MailSettings, SmtpEncryption};
use crate::domain::{Email, Secret};

/// The time for each answer of the server.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for the whole e-mail; a person waits for it.
const TIMEOUT: Duration = Duration::from_secs(25);

/// A plain-text e-mail.
#[derive(Debug)]
pub struct Mail {
    pub to: Email,
    pub subject: String,
    /// It may contain a link that is a secret.
    pub text: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server did not answer in time, so it is not known whether it took the e-mail.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// The server refused this e-mail, such as an address that it does not know.
    #[error("the mail server refused the e-mail: {0}")]
    Refused(lettre::transport::smtp::Error),
    /// The server is unreachable, or does not accept this client.
    #[error("the mail server can't be used: {0}")]
    Unavailable(anyhow::Error),
}

#[derive(Debug)]
pub struct Mailer {
    settings: MailSettings,
    /// How this server introduces itself.
    own_name: ClientId,
}

impl Mailer {
    /// `host` is the host of this server's address.
    pub fn new(settings: MailSettings, host: &str) -> Self {
        let own_name = match host.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(host.to_owned()),
        };
        Self { settings, own_name }
    }

    /// Sends an e-mail; returns once the server has taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail).map_err(MailError::Unavailable)?;
        let transport = self.transport().map_err(|error| MailError::Unavailable(error.into()))?;
        match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Err(_) => Err(MailError::Timeout),
            Ok(Err(error)) if error.is_timeout() => Err(MailError::Timeout),
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => Err(MailError::Refused(error)),
            Ok(Err(error)) => Err(MailError::Unavailable(error.into())),
        }
    }

    fn message(&self, mail: &Mail) -> anyhow::Result<Message> {
        let to = Mailbox::new(None, mail.to.as_str().parse()?);
        let message = Message::builder()
            .from(self.settings.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(None)
            .date_now()
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.expose().to_owned())?;
        Ok(message)
    }

    /// A connection for one e-mail: they are too few for keeping one open.
    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
        let server = &self.settings.server;
        let tls = match server.encryption {
            SmtpEncryption::Implicit => Tls::Wrapper(self.tls()?),
            SmtpEncryption::StartTls => Tls::Required(self.tls()?),
            SmtpEncryption::Unencrypted => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(STEP_TIMEOUT))
            .hello_name(self.own_name.clone());
        if let Some((user, password)) = &server.login {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(transport.build())
    }

    fn tls(&self) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let authorities = self.settings.authorities.iter().cloned();
        let parameters = TlsParameters::builder(self.settings.server.host.clone());
        authorities
            .fold(parameters, |parameters, authority| parameters.add_root_certificate(authority))
            .build()
    }
}
