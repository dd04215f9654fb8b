//! The pages' Content-Security-Policy, as enforced by a browser. Also shows that other stories would notice a page that
//! violates it.

use crate::support::browser::{Browser, Scripts};
use crate::support::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn an_injected_script_does_not_run() {
    let stack = Stack::start().await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&stack.url("/sign-in")).await;
    assert_eq!(browser.complaints().await, [""; 0]);

    browser.run("const script = document.createElement('script'); script.textContent = 'window.smuggled = true'; document.body.append(script)").await;
    browser
        .run(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.smuggled = true\">')",
        )
        .await;
    assert!(!browser.is_true("window.smuggled === true").await);
    let complaints = browser.complaints().await.join("\n");
    assert!(complaints.contains("Content Security Policy"), "{complaints}");
    browser.close().await;
}
