//! A page counts down to the times that it shows.

use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::stack::Stack;
use crate::support::waiting::until_true;

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_wait_is_counted_down() {
    let stack = Stack::start().await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&stack.url("/sign-in")).await;
    browser
        .run(
            "for (const [id, seconds] of [['soon', 64], ['late', 3 * 3600 + 62], ['over', -5], ['near', 2]]) {
                 const place = document.createElement('span');
                 place.id = id;
                 place.dataset.countdown = Date.now() + seconds * 1000;
                 document.getElementById('main').append(place);
             }",
        )
        .await;
    let says = async |id: &str, pattern: &str| {
        let so = format!("/^{pattern}$/.test(document.getElementById('{id}').textContent)");
        until_true(&format!("{id} says {pattern}"), SOON, async || browser.is_true(&so).await).await;
    };
    says("soon", r"1:0\d left").await;
    says("late", r"3:0[01]:\d\d left").await;
    says("near", "0:01 left").await;
    says("near", "").await;
    says("over", "").await;
    browser.close().await;
}
