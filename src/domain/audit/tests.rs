use super::*;

fn ada() -> Email {
    Email::parse("ada@example.org").unwrap()
}

fn events() -> Vec<AuditEvent> {
    let mut events = vec![
        AuditEvent::AccountAdded { phone: Phone::test(2, 7), owner: None },
        AuditEvent::WantedChanged { wanted: DesiredState::Disconnected },
        AuditEvent::DetailsEdited { owner: Some(ada()) },
        AuditEvent::CodeAsked,
        AuditEvent::InputProvided { input: Input::Password },
        AuditEvent::LoginCodeShown { approved_by: None },
        AuditEvent::TwoStepPasswordStored,
        AuditEvent::TwoStepPasswordShown { approved_by: Some(ada()) },
        AuditEvent::RevealRequested { kind: RevealKind::LoginCode },
        AuditEvent::RevealApproved { kind: RevealKind::LoginCode, person: ada() },
        AuditEvent::RevealRefused { kind: RevealKind::TwoStepPassword, person: ada() },
        AuditEvent::RevealExpired { kind: RevealKind::LoginCode, person: ada() },
        AuditEvent::GroupApprovalSet { group: "Board".into(), needed: true },
        AuditEvent::SessionLoggedOut,
        AuditEvent::LogOutSkipped,
        AuditEvent::RemovalRetried,
        AuditEvent::FolderDestroyed,
        AuditEvent::AccountRemoved,
        AuditEvent::StageChanged { stage: "ready".into() },
        AuditEvent::WebSignIn,
        AuditEvent::SignInRefused { person: ada(), why: SignInDenied::ShutOut },
        AuditEvent::WebSignOut,
        AuditEvent::PersonSessionsEnded { person: ada() },
        AuditEvent::PersonDisabled { person: ada() },
        AuditEvent::PersonEnabled { person: ada() },
        AuditEvent::RolesByProvider { person: ada(), roles: vec!["Support".into()] },
        AuditEvent::AdminGranted { person: ada() },
        AuditEvent::AdminRevoked { person: ada() },
        AuditEvent::IdentityForgotten { person: ada() },
        AuditEvent::Started { version: "0.1.0".into() },
        AuditEvent::Stopped,
        AuditEvent::TrailExported { format: "csv".into(), filter: "actor=ada".into() },
        AuditEvent::DetailsBlanked { entries: 7, before: "2026-11-21T00:00:00.000Z".into() },
        AuditEvent::TrailSealed { seal: "ab".into() },
        AuditEvent::TrailMismatch { fault: TrailFault::Shorter, known: Some("9 k.ab".into()), found: 5 },
    ];
    events.extend(AccessEvent::examples().into_iter().map(AuditEvent::Access));
    events
}

#[test]
fn each_event_has_a_code_of_its_own() {
    let mut codes: Vec<&str> = events().iter().map(AuditEvent::code).collect();
    let mut listed = AuditEvent::CODES.to_vec();
    codes.sort_unstable();
    listed.sort_unstable();
    assert_eq!(codes, listed);
    assert!(codes.is_sorted_by(|one, next| one < next), "each once");
}

#[test]
fn details_say_what_the_code_does_not() {
    let details: Vec<serde_json::Value> = events()
        .iter()
        .filter(|event| !matches!(event, AuditEvent::Access(_)))
        .filter_map(AuditEvent::details)
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect();
    assert_eq!(
        details,
        [
            serde_json::json!({"phone": "+9996620007", "owner": null}),
            serde_json::json!({"wanted": "disconnected"}),
            serde_json::json!({"owner": "ada@example.org"}),
            serde_json::json!({"input": "password"}),
            serde_json::json!({"approved_by": "ada@example.org"}),
            serde_json::json!({"kind": "login-code"}),
            serde_json::json!({"kind": "login-code", "person": "ada@example.org"}),
            serde_json::json!({"kind": "two-step-password", "person": "ada@example.org"}),
            serde_json::json!({"kind": "login-code", "person": "ada@example.org"}),
            serde_json::json!({"group": "Board", "needed": true}),
            serde_json::json!({"stage": "ready"}),
            serde_json::json!({"person": "ada@example.org", "why": "shut-out"}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"person": "ada@example.org", "roles": ["Support"]}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"person": "ada@example.org"}),
            serde_json::json!({"version": "0.1.0"}),
            serde_json::json!({"format": "csv", "filter": "actor=ada"}),
            serde_json::json!({"entries": 7, "before": "2026-11-21T00:00:00.000Z"}),
            serde_json::json!({"seal": "ab"}),
            serde_json::json!({"fault": "shorter", "known": "9 k.ab", "found": 5}),
        ]
    );
}
