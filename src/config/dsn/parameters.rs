//! The parameters of a Postgres address: their names in libpq and in the driver, and how Telescope treats each.

/// How Telescope treats a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// It is passed to the driver under this name.
    Known(&'static str),
    /// It has no effect here, so it is ignored, with a note in the log.
    PassedOver,
    /// It would change where or how Telescope connects, and is not supported.
    Refused,
    Unknown,
}

const KNOWN: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// The driver's own spellings of libpq's names.
const SPELLINGS: &[(&str, &str)] = &[
    ("ssl-mode", "sslmode"),
    ("ssl-root-cert", "sslrootcert"),
    ("ssl-ca", "sslrootcert"),
    ("ssl-cert", "sslcert"),
    ("ssl-key", "sslkey"),
];

/// Parameters of libpq for what Telescope decides itself, and parameters of other programs' connection pools.
const PASSED_OVER: &[&str] = &[
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "connection_limit",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "pgbouncer",
    "pool_timeout",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "schema",
    "scram_client_key",
    "scram_server_key",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkeylogfile",
    "sslnegotiation",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];

const REFUSED: &[&str] = &["passfile", "service", "servicefile", "sslpassword"];

impl Parameter {
    pub(super) fn of(name: &str) -> Self {
        if let Some(known) = KNOWN.iter().find(|known| **known == name) {
            return Self::Known(known);
        }
        if let Some((_, known)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == name) {
            return Self::Known(known);
        }
        match (PASSED_OVER.contains(&name), REFUSED.contains(&name)) {
            (true, _) => Self::PassedOver,
            (false, true) => Self::Refused,
            (false, false) => Self::Unknown,
        }
    }
}

/// Parameters as they are collected from either form of an address.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// For the driver.
    pub(super) kept: Vec<(&'static str, String)>,
    /// The names of those that are ignored.
    pub(super) passed_over: Vec<&'static str>,
}

impl Parameters {
    /// Adds a parameter; the error continues a sentence that begins with the setting's name. It doesn't name an unknown
    /// parameter, which may be part of a password; `hint` explains that.
    pub(super) fn add(&mut self, name: &str, value: &str, hint: &str) -> Result<(), String> {
        match Parameter::of(name) {
            Parameter::Known("host" | "hostaddr") if value.contains(',') => {
                return Err("names several hosts; Telescope connects to one.".into());
            }
            Parameter::Known(known) => self.kept.push((known, value.to_owned())),
            Parameter::PassedOver => {
                self.passed_over.extend(PASSED_OVER.iter().filter(|passed| **passed == name));
            }
            Parameter::Refused => {
                return Err(format!("has the parameter {name}, which Telescope can't honour; leave it out."));
            }
            Parameter::Unknown => {
                return Err(format!(
                    "has a parameter that is not known here; known are {}. {hint}",
                    KNOWN.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Treats `sslrootcert=system` as libpq does: the server's certificate is checked against the system's authorities,
    /// which are trusted anyway, and its host name is verified.
    pub(super) fn with_system_authorities(mut self) -> Result<Self, String> {
        if !self.kept.iter().any(|(name, value)| *name == "sslrootcert" && value == "system") {
            return Ok(self);
        }
        self.kept.retain(|(name, _)| *name != "sslrootcert");
        match self.kept.iter().rev().find(|(name, _)| *name == "sslmode") {
            None => self.kept.push(("sslmode", "verify-full".into())),
            Some((_, mode)) if mode == "verify-full" => {}
            Some(_) => return Err("has sslrootcert=system, which needs sslmode=verify-full.".into()),
        }
        Ok(self)
    }
}
