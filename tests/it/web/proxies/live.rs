//! The list of proxies follows what happens to them.

use telescope::domain::proxy::ProxyTestFault;
use telescope::domain::{AccountId, Email, Network, Snapshot, Stage};
use telescope::ops;
use telescope::store::{self, StoreError};

use super::{added, form, named, with};
use crate::web::app::{ADMIN, TestApp};
use crate::web::live::next;

fn set_network(test: &TestApp, account: AccountId, network: Network) {
    let network_since = Some(test.app.clock.now());
    let snapshot = Snapshot { stage: Stage::Ready, network, network_since, ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(account, snapshot);
}

#[tokio::test]
async fn a_dead_proxy_shows_as_such_on_an_open_page() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let dead = with(form("Berlin"), &[("host", "127.0.0.1"), ("port", "1")]);
    root.post("/proxies/add", &dead).await;
    let berlin = named(&test, "Berlin").id;
    let (account, other) = (test.account(1, None).await, test.account(2, None).await);
    root.post(&format!("/accounts/{account}/proxy"), &[("proxy", &berlin.to_string())]).await;
    set_network(&test, account, Network::Ready);

    let page = root.get("/proxies").await;
    let mut stream = root.stream(&page.attributes("#live", "hx-sse:connect")[0]).await;
    let first = next(&mut stream).await;
    assert!(!first.contains("#proxies"), "the page shows that already: {first}");
    set_network(&test, account, Network::ConnectingToProxy);
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#proxies\" hx-swap=\"innerMorph\""), "{message}");
    assert!(message.contains("No connection since"), "{message}");
    // Accounts without a proxy don't matter to the page.
    set_network(&test, other, Network::ConnectingToProxy);
    ops::proxies::test_unattended(&test.app, berlin).await;
    let tested = test.app.live.proxies.test(berlin).expect("it was tested");
    assert_eq!(tested.result, Err(ProxyTestFault::Unreachable));
    let message = next(&mut stream).await;
    assert!(message.contains("Nothing accepts connections at its address."), "{message}");
    let account_page = root.get(&format!("/accounts/{account}")).await.texts("#facts").concat();
    assert!(account_page.contains("Nothing accepts connections at its address."), "{account_page}");

    set_network(&test, account, Network::Ready);
    let message = next(&mut stream).await;
    assert!(message.contains("#proxies") && !message.contains("No connection since"), "{message}");
    added(&test, &root, "Bonn").await;
    assert!(next(&mut stream).await.contains("Bonn"));
}

#[tokio::test]
async fn a_viewer_who_loses_the_permission_loses_the_list() {
    let test = TestApp::new().await;
    let (root, bob) = (test.signed_in(ADMIN).await, "bob@example.org");
    added(&test, &root, "Berlin").await;
    let visitor = test.signed_in(bob).await;
    let set_admin = async |is_admin: bool| {
        let change = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            let user = store::users::by_email(conn, &Email::parse(bob).unwrap()).await?.unwrap();
            store::users::set_admin(conn, user.id, is_admin).await
        };
        test.app.db.maintain(change).await.unwrap();
        test.apply_policy().await;
    };
    set_admin(true).await;
    let mut stream = visitor.stream("/proxies/events").await;
    assert!(next(&mut stream).await.contains("Berlin"));
    set_admin(false).await;
    let message = next(&mut stream).await;
    assert!(message.contains("#proxies") && !message.contains("Berlin"), "{message}");
}
