//! Rules that keep one SQL text working on two databases: the same tables on both, and no SQL that only one understands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use telescope::config::Dsn;

use crate::support::db::TestDb;
use crate::support::sqlite;

/// SQL that one of the databases does not support or interprets differently. Time and random values come from the program.
const FORBIDDEN: &[&str] = &[
    "ilike",
    "any(",
    "for update",
    "array[",
    "unnest",
    "->>",
    "jsonb",
    "json_",
    "now()",
    "current_timestamp",
    "random()",
    "gen_random",
    "insert or",
    "replace into",
    "rowid",
    "autoincrement",
    "serial",
    "glob ",
    "strftime",
    "::text",
    "::bigint",
    "returning *",
    "select *",
    "?1",
];

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs" || ext == "sql") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The lines that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("--"))
}

/// The string literals.
fn literals(code: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    let mut start = None;
    let mut before = ' ';
    for (at, c) in code.char_indices() {
        // Neither \" nor the character '"'.
        if c == '"' && before != '\\' && before != '\'' {
            match start.take() {
                Some(from) => literals.extend(code.get(from..at)),
                None => start = Some(at + 1),
            }
        }
        before = c;
    }
    literals
}

#[test]
fn statements_are_found_between_quotes() {
    assert_eq!(literals(r#"a("select 1", '"', "it's \"so\"\n")"#), ["select 1", r#"it's \"so\"\n"#]);
}

#[test]
fn no_statement_is_specific_to_one_database() {
    let mut files = sources("src/store");
    files.extend(sources("migrations"));
    for (path, text) in files {
        // A trigger makes the stamp, so that changes with SQL get one, too: it can't come from the program.
        if path.ends_with("0012_policy_stamp.sql") {
            continue;
        }
        let code = code(&text).collect::<Vec<_>>().join("\n").to_lowercase();
        let in_rust = path.extension().is_some_and(|ext| ext == "rs");
        for statement in if in_rust { literals(&code) } else { vec![code.as_str()] } {
            for word in FORBIDDEN {
                assert!(!statement.contains(word), "{} has {word}: {statement}", path.display());
            }
        }
    }
}

#[test]
fn only_the_store_uses_sql() {
    for (path, text) in sources("src") {
        let shown =
            path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string().replace('\\', "/");
        if shown.starts_with("src/store/") {
            continue;
        }
        for line in code(&text).filter(|line| line.contains("sqlx")) {
            let derives = shown.starts_with("src/domain/")
                && [
                    "sqlx::Type",
                    "sqlx::Encode",
                    "sqlx::Decode",
                    "sqlx::Database",
                    "sqlx::encode",
                    "sqlx::error",
                    "sqlx(transparent)",
                ]
                .iter()
                .any(|allowed| line.contains(allowed));
            assert!(derives, "{shown} knows the database: {line}");
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let mut names: Vec<_> = sources(folder)
            .into_iter()
            .map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    let (ours, theirs) = (sqlite_columns(&sqlite.dsn).await, postgres_columns(&postgres.dsn).await);
    assert!(ours.len() > 50, "{ours:?}");
    assert_eq!(ours, theirs);
    for (column, (kind, _)) in ours {
        assert!(["text", "bigint", "boolean"].contains(&kind.as_str()), "{column} is {kind}");
    }
}

/// `table.column` to its type and whether it is nullable.
type Columns = BTreeMap<String, (String, bool)>;

async fn sqlite_columns(dsn: &Dsn) -> Columns {
    let Dsn::Sqlite(file) = dsn else { panic!("not SQLite") };
    let mut connection = sqlite::connect(file).await;
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select m.name, c.name, lower(c.type), c.\"notnull\" = 0 from sqlite_master m, pragma_table_info(m.name) c
         where m.type = 'table' and m.name not like '\\_sqlx%' escape '\\' and m.name not like 'sqlite%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, column, kind, empty)| (format!("{table}.{column}"), (kind, empty)))
        .collect()
}

async fn postgres_columns(dsn: &Dsn) -> Columns {
    let Dsn::Postgres(url) = dsn else { panic!("not Postgres") };
    let pool = sqlx::PgPool::connect(url.expose()).await.unwrap();
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select table_name::text, column_name::text, data_type::text, is_nullable = 'YES' from information_schema.columns
         where table_schema = 'public' and table_name not like '\\_sqlx%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, column, kind, empty)| (format!("{table}.{column}"), (kind, empty)))
        .collect()
}
