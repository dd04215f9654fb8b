use super::*;

#[test]
fn a_rejected_import_names_each_edit() {
    let edit = |what: &str, error| crate::domain::error::RejectedEdit { what: what.into(), error };
    let error = ErrorCode::ImportRejected {
        edits: vec![edit("Desk", ErrorCode::OwnRoles), edit("+9996620001", ErrorCode::AdministratorsOnly)],
    };
    let text = sentence(&error);
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with("Desk: You can't") && text.contains("\n+9996620001: Only"), "{text}");
}

#[test]
fn codes_are_serialised_with_their_data() {
    let error = ErrorCode::FileValue { value: "x".into(), error: Box::new(ErrorCode::EmailForm) };
    let text = serde_json::to_string(&error).unwrap();
    assert_eq!(text, r#"{"code":"file-value","value":"x","error":{"code":"email-form"}}"#);
    assert_eq!(serde_json::from_str::<ErrorCode>(&text).unwrap(), error);
}
