//! Ten restarts, orderly and not, with accounts in every stage that waits for input. Each account keeps its stage, and
//! Telegram gets no request for a code and no password.

use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, account_that_waits_for_a_password, added_account, give_code,
    ready_account,
};
use crate::support::phones::Phones;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const RIGHT: &str = "never typed by anybody";

/// The methods that must not be called without a person.
const ASKED: [&str; 4] = ["auth.sendCode", "auth.resendCode", "auth.signIn", "auth.checkPassword"];

async fn asked(phones: &Phones) -> Vec<u64> {
    let mut counts = Vec::new();
    for method in ASKED {
        counts.push(phones.calls_in_all(method).await);
    }
    counts
}

/// One account per stage, each with the name of that stage.
async fn accounts(stack: &Stack, visitor: &Visitor) -> Vec<Row> {
    let phones = stack.phones();
    let signed_out = added_account(visitor).await;
    let ready = ready_account(stack, visitor, Some("typed once")).await;
    let disconnected = ready_account(stack, visitor, None).await;
    visitor.does(&format!("/accounts/{}/disconnect", disconnected.id), &[]).await;
    let disconnected = visitor.until_stage(&disconnected.id, "disconnected", STEP).await;
    let wait_password = account_that_waits_for_a_password(stack, visitor, RIGHT).await;

    let rejected = account_that_waits_for_a_password(stack, visitor, RIGHT).await;
    visitor.does(&format!("/accounts/{}/password", rejected.id), &[("password", "wrong")]).await;
    until_true("the stored password is rejected", STEP, async || {
        let page = visitor.get(&format!("/accounts/{}", rejected.id)).await.text().await.unwrap();
        page.contains("Rejected by Telegram")
    })
    .await;

    // The right password, but the result is unknown.
    let given = account_that_waits_for_a_password(stack, visitor, RIGHT).await;
    phones.refuse("auth.checkPassword", &given.phone, "PHONE_PASSWORD_FLOOD", 1).await;
    visitor.does(&format!("/accounts/{}/password", given.id), &[("password", RIGHT)]).await;
    until_true("the stored password is given", STEP, async || {
        let page = visitor.get(&format!("/accounts/{}", given.id)).await.text().await.unwrap();
        page.contains("Too many attempts")
    })
    .await;

    let wait_code = account_that_waits_for_a_code(visitor).await;
    vec![signed_out, ready, disconnected, wait_password, rejected, given, wait_code]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_restarts_request_no_code() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let accounts = accounts(&stack, &visitor).await;
    let before = asked(&stack.phones()).await;
    assert_eq!((before[0], before[3]), (6, 3), "the counters work");

    for restart in 0..10 {
        match restart % 4 {
            0 => assert!(stack.stop().await.success()),
            1 => stack.kill_telescope().await,
            2 => stack.terminate_telescope().await,
            _ => stack.kill_all(),
        }
        stack.start_again().await;
        for account in &accounts {
            let now = visitor.until_stage(&account.id, &account.stage, STEP).await;
            assert_eq!(&now, account, "restart {restart}");
        }
        assert_eq!(asked(&stack.phones()).await, before, "restart {restart}");
    }
    let log = stack.log();
    assert!(!log.contains("panicked") && !log.contains("SIGSEGV"));
    // The stage is real: input is still accepted.
    let [.., wait_code] = accounts.as_slice() else { panic!("there are accounts") };
    give_code(&stack, &visitor, wait_code).await;
    visitor.until_stage(&wait_code.id, "ready", STEP).await;
}
