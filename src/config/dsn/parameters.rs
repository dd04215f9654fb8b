//! The parameters that an address of Postgres may have: what libpq and the driver call them, and what becomes of them.

/// What a parameter is to Telescope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// The driver understands it by this name.
    Known(&'static str),
    /// It changes nothing here, so it is passed over, with a note.
    PassedOver,
    /// It would change what is connected to, and can't be honoured.
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

/// Those of libpq that say how it connects, which Telescope decides itself; and those of other programs' pools.
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

/// Parameters as they are collected from either spelling of an address.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// For the driver.
    pub(super) kept: Vec<(&'static str, String)>,
    /// The names of those that are passed over.
    pub(super) passed_over: Vec<&'static str>,
}

impl Parameters {
    /// Takes in one parameter; the error is the rest of a sentence that begins with the setting's name. An unknown
    /// parameter is not named in it: it may be part of a password, which `hint` explains.
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

    /// Understands `sslrootcert=system` as libpq does: the authorities that the system trusts, which count anyway, and
    /// the name of the server has to be right.
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
