//! Settings of the real program: all faults are reported at once, and the environment takes precedence.

use std::process::Command;

/// Starts Telescope with only these settings; returns its error output.
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
fn the_environment_takes_precedence_over_the_file() {
    let said = refusal("PORT=70000\nSSO_MODE=nonsense\n", &[("PORT", "8888")]);
    assert!(said.contains("SSO_MODE") && !said.contains("PORT"), "{said}");
    let said = refusal("PORT=8888\nSSO_MODE=nonsense\n", &[("PORT", "70000")]);
    assert!(said.contains("SSO_MODE") && said.contains("PORT"), "{said}");
}

#[test]
fn all_missing_settings_are_reported_at_once() {
    let said = refusal("", &[]);
    for setting in ["API_ID", "API_HASH", "TWO_FACTOR_ENCRYPTION_KEY", "SSO_MODE"] {
        assert!(said.contains(setting), "{setting}: {said}");
    }
}
