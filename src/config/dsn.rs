//! Where the database is: a file for SQLite, or a Postgres server in either of the two usual spellings.
//!
//! Both Postgres spellings become one URL here, so that only one form has to be understood further on.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::domain::Secret;

/// Words of libpq that the driver understands; any other is refused rather than ignored.
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
];

/// A database's address.
#[derive(Clone, PartialEq, Eq)]
pub enum Dsn {
    /// A file; it and its folder are made if missing.
    Sqlite(PathBuf),
    /// A server, as a `postgres://` URL, which may hold a password.
    Postgres(Secret),
}

impl Dsn {
    /// The file `telescope.db` in that folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join("telescope.db"))
    }

    /// Reads `sqlite:PATH`, `postgres://…` or libpq's `host=… dbname=…`. The error is a sentence without
    /// any part of the value, since that may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            return sqlite(path);
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

fn postgres_url(text: &str) -> Result<Dsn, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a good URL: {error}."))?;
    // Not named: a `?` in a password that is not encoded makes a parameter of what follows.
    if url.query_pairs().any(|(key, _)| !KNOWN.contains(&key.as_ref())) {
        return Err(format!(
            "has a parameter that is not known here; known are {}. In a password, write ? as %3F.",
            KNOWN.join(", ")
        ));
    }
    Ok(Dsn::Postgres(Secret::new(url.as_str())))
}

fn postgres_words(text: &str) -> Result<Dsn, String> {
    let mut url = Url::parse("postgres:///").map_err(|error| error.to_string())?;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) =
            rest.split_once('=').ok_or_else(|| "has a word without a value; write key=value.".to_owned())?;
        let key = key.trim_end();
        if !KNOWN.contains(&key) {
            // Not named: it is part of the password if that has a space in it and no quotes around it.
            return Err(format!(
                "has a word that is not known here; known are {}. Put quotes around values with spaces.",
                KNOWN.join(", ")
            ));
        }
        let (value, after) = word_value(after.trim_start())?;
        url.query_pairs_mut().append_pair(key, &value);
        rest = after.trim_start();
    }
    Ok(Dsn::Postgres(Secret::new(url.as_str())))
}

/// One value of libpq's form: bare up to a space or in single quotes, `\` before any character.
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
    fn a_file_is_a_path() {
        for text in ["sqlite:data/t.db", "sqlite://data/t.db", " sqlite:data/t.db "] {
            assert_eq!(Dsn::parse(text).unwrap(), Dsn::Sqlite("data/t.db".into()), "{text}");
        }
        assert_eq!(Dsn::parse("sqlite:///srv/t.db").unwrap(), Dsn::Sqlite("/srv/t.db".into()));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
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
    fn the_password_does_not_print() {
        let dsn = Dsn::parse("postgres://ada:hunter2@db/t").unwrap();
        assert!(!format!("{dsn:?}").contains("hunter2"));
    }
}
