//! Somebody carries away the folder of an account's session. Without its key it says nothing, not even whose it is.

use crate::support::login::STEP;
use crate::support::login::{ADMIN, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

#[tokio::test(flavor = "multi_thread")]
async fn what_tdlib_keeps_can_not_be_read() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    stack.phones().set_name(&account.phone, "Unmistakable").await;
    let page = format!("/accounts/{}", account.id);
    visitor.does(&format!("{page}/disconnect"), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    visitor.does(&format!("{page}/connect"), &[]).await;
    until_true("the name is known", STEP, async || {
        visitor.get(&page).await.text().await.unwrap().contains("Unmistakable")
    })
    .await;
    assert!(stack.stop().await.success());
    let kept: Vec<_> = stack
        .files()
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "binlog"))
        .collect();
    assert!(!kept.is_empty(), "TDLib keeps its session in a file");
    for file in kept {
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.len() > 500, "{}: {} bytes", file.display(), bytes.len());
        for said in [account.phone.as_bytes(), b"Unmistakable", b"127.0.0.1", b"auth", b"my_phone_number"] {
            let found = bytes.windows(said.len()).any(|window| window == said);
            assert!(!found, "{} can be read in {}", String::from_utf8_lossy(said), file.display());
        }
    }
}
