//! The address of the database: a file for SQLite, or a Postgres server as a URL or in libpq's keyword form.
//!
//! Both Postgres forms are converted to a URL here.

mod parameters;

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::domain::Secret;
use parameters::Parameters;

/// A database's address.
#[derive(Clone, PartialEq, Eq)]
pub enum Dsn {
    /// A file; it and its folder are created if missing.
    Sqlite(PathBuf),
    /// A server, as a `postgres://` URL, which may contain a password.
    Postgres(Secret),
}

impl Dsn {
    /// The file `telescope.db` in that folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join("telescope.db"))
    }

    /// Parses `sqlite:PATH`, `postgres://…` or libpq's `host=… dbname=…`. The error never contains any part of the value,
    /// which may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with_notes(text).map(|(dsn, _)| dsn)
    }

    /// The same, with the names of parameters that are ignored.
    pub(super) fn parse_with_notes(text: &str) -> Result<(Self, Vec<&'static str>), String> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok((sqlite(path)?, Vec::new()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres_url(text);
        }
        if !text.contains("://") && text.contains('=') {
            return postgres_words(text);
        }
        Err("is none of sqlite:PATH, postgres://USER@HOST/DATABASE and host=HOST dbname=DATABASE.".into())
    }
}

fn sqlite(path: &str) -> Result<Dsn, String> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err("names no file after sqlite:.".into());
    }
    if path.starts_with(":memory:") || path.contains(['?', '\0']) {
        return Err(
            "must name a file after sqlite:, without options; a database in memory would be lost.".into()
        );
    }
    Ok(Dsn::Sqlite(PathBuf::from(path)))
}

fn postgres_url(text: &str) -> Result<(Dsn, Vec<&'static str>), String> {
    let authority =
        text.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if authority.rsplit('@').next().is_some_and(|hosts| hosts.contains(',')) {
        return Err("names several hosts; Telescope connects to one.".into());
    }
    let url = Url::parse(text).map_err(|error| format!("is not a good URL: {error}."))?;
    let mut parameters = Parameters::default();
    // A `?` in a password that is not encoded makes a parameter of what follows.
    let hint = "In a password, write ? as %3F.";
    url.query_pairs().try_for_each(|(name, value)| parameters.add(&name, &value, hint))?;
    with_parameters(url, parameters)
}

fn postgres_words(text: &str) -> Result<(Dsn, Vec<&'static str>), String> {
    let url = Url::parse("postgres:///").map_err(|error| error.to_string())?;
    let mut parameters = Parameters::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) =
            rest.split_once('=').ok_or_else(|| "has a word without a value; write key=value.".to_owned())?;
        let (value, after) = word_value(after.trim_start())?;
        parameters.add(key.trim_end(), &value, "Put quotes around values with spaces.")?;
        rest = after.trim_start();
    }
    with_parameters(url, parameters)
}

fn with_parameters(mut url: Url, parameters: Parameters) -> Result<(Dsn, Vec<&'static str>), String> {
    let parameters = parameters.with_system_authorities()?;
    url.set_query(None);
    if !parameters.kept.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters.kept);
    }
    Ok((Dsn::Postgres(Secret::new(url.as_str())), parameters.passed_over))
}

/// One value in libpq's form: unquoted up to a space, or in single quotes; `\` escapes any character.
fn word_value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices();
    if quoted {
        chars.next();
    }
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, chars.as_str())),
            c if !quoted && c.is_whitespace() => return Ok((value, chars.as_str())),
            c => value.push(c),
        }
    }
    match quoted {
        true => Err("has a quote that is not closed.".into()),
        false => Ok((value, "")),
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres:[secret]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        match Dsn::parse(text).unwrap() {
            Dsn::Postgres(url) => url.expose().to_owned(),
            Dsn::Sqlite(path) => panic!("{path:?} is no server"),
        }
    }

    #[test]
    fn both_spellings_of_a_server_become_a_url() {
        for (text, expected) in [
            ("postgres://ada@db/t", "postgres://ada@db/t"),
            (
                "postgresql://ada:x%40y@db:5433/t?sslmode=require",
                "postgresql://ada:x%40y@db:5433/t?sslmode=require",
            ),
            ("host=db dbname=t", "postgres:///?host=db&dbname=t"),
            ("host = db  dbname = t ", "postgres:///?host=db&dbname=t"),
            (
                r"host=/run/pg user=ada password='a b\'c&d'",
                "postgres:///?host=%2Frun%2Fpg&user=ada&password=a+b%27c%26d",
            ),
            (r"dbname=a\ b", "postgres:///?dbname=a+b"),
        ] {
            assert_eq!(url(text), expected, "{text}");
        }
    }

    #[test]
    fn parameters_of_libpq_are_known_or_passed_over() {
        let with = |query: &str| Dsn::parse_with_notes(&format!("postgres://h/t?{query}"));
        for (query, kept, passed_over) in [
            ("sslmode=require&channel_binding=require", "sslmode=require", &["channel_binding"][..]),
            ("connect_timeout=10&target_session_attrs=any", "", &["connect_timeout", "target_session_attrs"]),
            ("statement-cache-capacity=0", "statement-cache-capacity=0", &[]),
            ("application_name=a&options=-c+x%3D1", "application_name=a&options=-c+x%3D1", &[]),
            ("ssl-mode=verify-ca&ssl-root-cert=/ca", "sslmode=verify-ca&sslrootcert=%2Fca", &[]),
            ("sslrootcert=system", "sslmode=verify-full", &[]),
            ("sslrootcert=system&sslmode=verify-full", "sslmode=verify-full", &[]),
        ] {
            let (dsn, notes) = with(query).unwrap();
            let Dsn::Postgres(url) = dsn else { panic!("{query}") };
            let expected = Some(kept).filter(|kept| !kept.is_empty());
            assert_eq!(Url::parse(url.expose()).unwrap().query(), expected, "{query}");
            assert_eq!(notes, passed_over, "{query}");
        }
        let words = Dsn::parse_with_notes("host=h connect_timeout=3 sslrootcert=system").unwrap();
        assert_eq!(words.1, ["connect_timeout"]);
        assert_eq!(url("host=h sslrootcert=system"), "postgres:///?host=h&sslmode=verify-full");
        for (query, fault) in [
            ("sslrootcert=system&sslmode=require", "needs sslmode=verify-full"),
            ("service=t", "can't honour"),
            ("host=a,b", "several hosts"),
            ("connect_timeouts=1", "not known here; known are host"),
        ] {
            assert!(with(query).unwrap_err().contains(fault), "{query}");
        }
        for text in ["postgres://t:a@h1,h2/t", "postgres://h1:1,h2:2/t", "host=h1,h2 dbname=t"] {
            assert!(Dsn::parse(text).unwrap_err().contains("several hosts"), "{text}");
        }
        assert!(Dsn::parse("postgres://t:a,b@h/t").is_ok(), "a password may have a comma");
    }

    #[test]
    fn a_file_is_a_path() {
        for text in ["sqlite:data/t.db", "sqlite://data/t.db", " sqlite:data/t.db "] {
            assert_eq!(Dsn::parse(text).unwrap(), Dsn::Sqlite("data/t.db".into()), "{text}");
        }
        assert_eq!(Dsn::parse("sqlite:///srv/t.db").unwrap(), Dsn::Sqlite("/srv/t.db".into()));
    }

    #[test]
    fn invalid_addresses_are_refused_without_repeating_them() {
        for text in [
            "",
            "hunter2",
            "mysql://hunter2@x/y",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:hunter2?mode=ro",
            "postgres://x:hunter2@[/y",
            "postgres://x/y?pass=hunter2",
            "host=x passwort=hunter2",
            "host=x password='hunter2",
            "password=a hunter2",
            "password=a hunter2 b=c",
            "password=a hunter2=c",
            "postgres://ada:12?hunter2@db/t",
            "postgres://ada:12?hunter2=x@db/t",
        ] {
            let fault = Dsn::parse(text).unwrap_err();
            assert!(!fault.contains("hunter2") && fault.ends_with('.'), "{text}: {fault}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        let dsn = Dsn::parse("postgres://ada:hunter2@db/t").unwrap();
        assert!(!format!("{dsn:?}").contains("hunter2"));
    }
}
