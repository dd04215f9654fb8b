//! Each dependency has a reason, is used, and enables only features that are used.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read};

/// Each feature that `Cargo.toml` enables for the program, with a text that must occur in `src`.
const FEATURES: &[(&str, &str, &str)] = &[
    ("axum", "http1", "http1::Builder"),
    ("axum", "matched-path", "MatchedPath"),
    ("axum", "multipart", "extract::Multipart"),
    ("axum", "tokio", "tokio::net"),
    ("axum-extra", "form", "extract::Form"),
    ("axum-extra", "query", "extract::Query"),
    ("clap", "derive", "clap::Subcommand"),
    ("futures-util", "std", "futures_util::future::BoxFuture"),
    ("hyper", "http1", "http1::Builder"),
    ("hyper", "server", "hyper::server"),
    ("hyper-util", "http1", "http1::Builder"),
    ("hyper-util", "server", "hyper_util::server"),
    ("hyper-util", "server-graceful", "GracefulShutdown"),
    ("hyper-util", "service", "hyper_util::service"),
    ("hyper-util", "tokio", "TokioIo"),
    ("lettre", "builder", "Message::builder()"),
    ("lettre", "smtp-transport", "lettre::transport::smtp"),
    ("lettre", "tokio1-rustls", "Tokio1Executor"),
    ("qrcode", "svg", "render::svg"),
    ("reqwest", "form", ".form("),
    ("rustix", "fs", "rustix::fs"),
    ("rustix", "param", "rustix::param"),
    ("rustix", "process", "rustix::process"),
    ("serde", "derive", "Deserialize)]"),
    ("sqlx", "derive", "sqlx::FromRow"),
    ("sqlx", "macros", "sqlx::migrate!"),
    ("sqlx", "migrate", "Migrator"),
    ("sqlx", "postgres", "sqlx::postgres"),
    ("strum", "derive", "strum::EnumString"),
    ("time", "formatting", ".format("),
    ("time", "macros", "time::macros"),
    ("tokio", "io-util", "AsyncBufReadExt"),
    ("tokio", "macros", "tokio::select!"),
    ("tokio", "net", "tokio::net"),
    ("tokio", "process", "tokio::process"),
    ("tokio", "rt-multi-thread", "Runtime::new()"),
    ("tokio", "signal", "tokio::signal"),
    ("tokio", "sync", "tokio::sync"),
    ("tokio", "time", "tokio::time"),
    ("tokio-util", "rt", "tokio_util::"),
    ("tower-http", "catch-panic", "CatchPanicLayer"),
    ("tower-http", "csrf", "CsrfLayer"),
    ("tower-sessions", "axum-core", "SessionManagerLayer"),
    ("tracing-subscriber", "env-filter", "EnvFilter"),
    ("tracing-subscriber", "fmt", "tracing_subscriber::fmt"),
    ("url", "serde", "_endpoint: Url"),
    ("uuid", "serde", "Deserialize)]"),
    ("uuid", "v7", "now_v7"),
];

/// Features that select an implementation and leave no trace in the sources.
const CHOICES: &[(&str, &str)] = &[
    ("axum", "tower-log"),
    ("jsonwebtoken", "aws_lc_rs"),
    ("lettre", "aws-lc-rs"),
    ("lettre", "rustls-native-certs"),
    ("reqwest", "rustls"),
    ("sqlx", "runtime-tokio"),
    ("sqlx", "sqlite-bundled"),
    ("sqlx", "tls-rustls-aws-lc-rs"),
    ("sqlx-core", "rustls-native-certs"),
    ("tdlib-rs", "docs"),
];

/// Dependencies of dependencies that are named only to choose a feature of theirs.
const FOR_A_FEATURE: &[&str] = &["sqlx-core"];

/// The lines of `[dependencies]`: the name and the rest of the line.
fn dependencies() -> Vec<(String, String)> {
    let manifest = read("Cargo.toml");
    let (_, section) = manifest.split_once("\n[dependencies]\n").unwrap();
    let section = section.split("\n[").next().unwrap();
    let lines = section.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(" = ").unwrap();
            (name.to_owned(), rest.to_owned())
        })
        .collect()
}

fn features(rest: &str) -> BTreeSet<String> {
    let Some((_, list)) = rest.split_once("features = [") else { return BTreeSet::new() };
    let list = list.split(']').next().unwrap();
    list.split(',').map(|it| it.trim().trim_matches('"').to_owned()).filter(|it| !it.is_empty()).collect()
}

fn code() -> String {
    let without_comments = |text: String| {
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    files("src", "rs").into_iter().map(|(_, text)| without_comments(text)).collect()
}

#[test]
fn each_dependency_is_used_and_has_its_reason() {
    let code = code();
    let mut wrong = Vec::new();
    for (name, rest) in dependencies() {
        if rest.split_once(" # ").is_none_or(|(_, reason)| reason.len() <= 5) {
            wrong.push(format!("{name} has no reason beside it"));
        }
        let is_used = code.contains(&format!("{}::", name.replace('-', "_")));
        if is_used == FOR_A_FEATURE.contains(&name.as_str()) {
            wrong.push(format!("{name} is not used as it should be"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_feature_of_a_dependency_is_used() {
    let code = code();
    let mut wrong = Vec::new();
    let mut listed = BTreeMap::<&str, BTreeSet<String>>::new();
    for (name, feature) in FEATURES
        .iter()
        .map(|(name, feature, _)| (name, feature))
        .chain(CHOICES.iter().map(|(name, feature)| (name, feature)))
    {
        listed.entry(name).or_default().insert((*feature).to_owned());
    }
    for (name, rest) in dependencies() {
        let (on, known) = (features(&rest), listed.remove(name.as_str()).unwrap_or_default());
        wrong.extend(on.difference(&known).map(|it| format!("{name}: the feature {it} is not in the table")));
        wrong.extend(known.difference(&on).map(|it| format!("{name}: the feature {it} is off")));
    }
    wrong.extend(listed.keys().map(|name| format!("{name} is not a dependency")));
    for (name, feature, word) in FEATURES {
        if !code.contains(word) {
            wrong.push(format!("{name}: nothing uses the feature {feature}; src does not have {word:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
