//! Settings as the program that ships reads them: faults are sentences, all at once, and the environment wins.

use std::process::Command;

/// Starts Telescope where nothing but these settings is known; what it says before it gives up.
fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), file).unwrap();
    let started = Command::new(env!("CARGO_BIN_EXE_telescope"))
        .arg("serve")
        .current_dir(folder.path())
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(started.stderr).unwrap();
    assert_eq!(started.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn the_environment_wins_over_the_file() {
    let said = refusal("PORT=70000\nSSO_MODE=nonsense\n", &[("PORT", "8888")]);
    assert!(said.contains("SSO_MODE") && !said.contains("PORT"), "{said}");
    let said = refusal("PORT=8888\nSSO_MODE=nonsense\n", &[("PORT", "70000")]);
    assert!(said.contains("SSO_MODE") && said.contains("PORT"), "{said}");
}

#[test]
fn what_is_missing_is_said_all_at_once_and_in_sentences() {
    let said = refusal("", &[]);
    for setting in ["API_ID", "API_HASH", "TWO_FACTOR_ENCRYPTION_KEY", "SSO_MODE"] {
        assert!(said.contains(setting), "{setting}: {said}");
    }
}

/// The faults of these settings beside those of a server that lacks everything else.
#[test]
fn passwords_are_taken_letter_by_letter() {
    let key = "TWO_FACTOR_ENCRYPTION_KEY";
    let said = refusal(
        &format!("{key}=\"$orrect horse #battery \\'le 1234\"\nDB_DSN=\"postgres://t:pa$word1@h/t\"\n"),
        &[],
    );
    assert!(!said.contains(key) && !said.contains("DB_DSN"), "{said}");
    let said = refusal(&format!("{key}=correct horse #battery staple 12\n"), &[]);
    assert!(
        said.contains(&format!("line 1: {key} has a # after a space")) && !said.contains("horse"),
        "{said}"
    );
}

/// `docker run --env-file` takes the file's lines as they are.
#[test]
fn quotes_in_the_environment_are_taken_off() {
    let quoted = [
        ("OIDC_SCOPES", "\"openid email\""),
        ("DB_DSN", "\"host=db user=t\""),
        ("LOG", "'info'"),
        ("PORT", "\"8888\""),
        ("TELEGRAM_ENVIRONMENT", "\"test\""),
        ("SSO_MODE", "\"nonsense\""),
    ];
    let said = refusal("", &quoted);
    assert!(said.contains("SSO_MODE") && said.matches("\n  * ").count() == 1, "{said}");
}
