//! Administrators are appointed by a command on the server's machine, whether the server runs or not, and never by being
//! the first to sign in.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use crate::support::login::STEP;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

/// Runs `telescope admin`; returns whether it succeeded, and its output.
async fn admin(stack: &Stack, what: &str, email: &str) -> (bool, String) {
    stack.runs("admin", &[what, email]).await
}

async fn done(stack: &Stack, what: &str, email: &str, words: &str) {
    assert_eq!(admin(stack, what, email).await, (true, format!("{email} {words}")));
}

async fn refused(stack: &Stack, what: &str, email: &str, words: &str) {
    let (done, said) = admin(stack, what, email).await;
    assert!(!done && said.starts_with("command failed: ") && said.contains(words), "{said}");
}

async fn may(visitor: &Visitor) -> u16 {
    visitor.get("/users").await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_appointed_by_command_only() {
    let mut stack = Stack::start_with_settings(&[("ADMIN_EMAILS", "")]).await;
    let ada = Visitor::sign_in(&stack, ADA).await;
    assert_eq!(may(&ada).await, 403, "the first to sign in has no rights");

    let socket = stack.data("telescope.sock");
    until_true("the server listens", STEP, async || socket.exists()).await;
    let kind = std::fs::metadata(&socket).unwrap();
    assert!(kind.file_type().is_socket() && kind.permissions().mode() & 0o777 == 0o600, "{kind:?}");
    done(&stack, "grant", ADA, "is now an administrator.").await;
    assert_eq!(may(&ada).await, 303, "the session from before is over, in the running server");
    let ada = Visitor::sign_in(&stack, ADA).await;
    assert_eq!(may(&ada).await, 200);
    done(&stack, "grant", ADA, "is already an administrator.").await;
    refused(&stack, "revoke", ADA, "last administrator").await;
    refused(&stack, "revoke", BOB, "There is no user").await;
    refused(&stack, "grant", "nobody", "address").await;
    assert_eq!(may(&ada).await, 200);

    // The same without a server, with the command's own lease.
    assert!(stack.stop().await.success());
    assert!(!socket.exists());
    done(&stack, "grant", BOB, "is now an administrator.").await;
    done(&stack, "revoke", ADA, "is no longer an administrator.").await;
    refused(&stack, "revoke", BOB, "last administrator").await;
    stack.start_again().await;
    let bob = Visitor::sign_in(&stack, BOB).await;
    assert_eq!((may(&bob).await, may(&ada).await), (200, 303));
    let log = bob.get("/audit").await.text().await.unwrap();
    for code in ["person.admin.granted", "person.admin.revoked", "Command line"] {
        assert!(log.contains(&format!(">{code}<")), "{code}");
    }
    assert!(!log.contains("verification failed"), "the command updated the checkpoint, too");

    // A server that was killed leaves its socket and its lease behind; no cleanup is needed.
    stack.kill_telescope().await;
    assert!(socket.exists());
    done(&stack, "grant", ADA, "is now an administrator.").await;
    stack.start_again().await;
    assert_eq!(may(&Visitor::sign_in(&stack, ADA).await).await, 200);

    // A server that can't be reached is not bypassed.
    std::fs::remove_file(&socket).unwrap();
    refused(&stack, "revoke", ADA, "another Telescope is active").await;
    assert_eq!(may(&Visitor::sign_in(&stack, ADA).await).await, 200);
}

/// Whom no one on the pages can help is let in from the machine.
#[tokio::test(flavor = "multi_thread")]
async fn commands_let_people_in_whose_identity_has_changed() {
    const NEW: &str = "ada@example.com";
    let mut stack = Stack::start_with_settings(&[("ADMIN_EMAILS", "")]).await;
    Visitor::sign_in(&stack, ADA).await;
    done(&stack, "grant", ADA, "is now an administrator.").await;
    let ada = Visitor::sign_in(&stack, ADA).await;
    let (is_done, said) = admin(&stack, "unlink", ADA).await;
    assert!(is_done && said.starts_with("The identity of ada@example.org is unlinked"), "{said}");
    assert_eq!(may(&ada).await, 303, "the sessions of the former identity have ended");
    done(&stack, "unblock", ADA, "wasn't blocked.").await;
    refused(&stack, "unlink", BOB, "There is no user").await;
    assert_eq!(
        stack.runs("admin", &["move", ADA, NEW]).await,
        (true, format!("{ADA} is now {NEW}, with 0 accounts."))
    );

    assert!(stack.stop().await.success());
    let (is_done, said) = stack.runs("admin", &["move", NEW, "nobody"]).await;
    assert!(!is_done && said.contains("address"), "{said}");
    assert_eq!(
        stack.runs("admin", &["move", NEW, ADA]).await,
        (true, format!("{NEW} is now {ADA}, with 0 accounts."))
    );
    let (is_done, said) = admin(&stack, "unlink", ADA).await;
    assert!(is_done, "{said}");
    stack.start_again().await;
    let ada = Visitor::sign_in(&stack, ADA).await;
    assert_eq!(may(&ada).await, 200, "the rank went along");
    let trail = ada.get("/audit").await.text().await.unwrap();
    for code in ["person.moved", "person.identity.forgotten", "Command line"] {
        assert!(trail.contains(&format!(">{code}<")), "{code}");
    }
}
