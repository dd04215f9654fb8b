//! What Telescope sends by e-mail.

use super::files;

#[test]
fn only_invites_are_sent_by_email() {
    let senders: Vec<String> = files("src", "rs")
        .into_iter()
        .filter(|(path, text)| path != "src/mail.rs" && text.contains("mailer.send("))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(senders, ["src/ops/invites/email.rs"]);
}
