//! A person who can write to the database selects proxies there.

use axum::http::StatusCode;
use telescope::ops;
use telescope::telegram::ProxyUse;

use crate::web::app::{ADMIN, TestApp};
use crate::web::foreign_access::noticed;

/// Eve wants the accounts to connect through a proxy that she watches, or without one.
#[tokio::test]
async fn selected_proxies_of_rows_are_not_used() {
    let test = TestApp::new().await;
    let (root, account) = (test.signed_in(ADMIN).await, test.account(1, None).await);
    let group = test.group("Sales", &[account]).await;
    for (name, port) in [("Ours", "1001"), ("Hers", "1002")] {
        let form =
            [("name", name), ("kind", "socks5"), ("host", "10.0.0.1"), ("port", port), ("step", "anyway")];
        assert_eq!(root.post("/proxies/add", &form).await.status, StatusCode::SEE_OTHER);
    }
    let id = |name: &str| {
        let plan = test.app.live.proxies.plan();
        plan.proxies.iter().find(|proxy| proxy.name == name).unwrap().id.to_string()
    };
    let (ours, hers) = (id("Ours"), id("Hers"));
    root.post("/proxies/default", &[("proxy", &ours)]).await;
    let uses = || {
        let entry = test.app.live.accounts.get(account).unwrap();
        match ops::proxies::use_of(&test.app, &entry.account) {
            ProxyUse::Through(proxy) => proxy.address.port(),
            other => panic!("{other:?}"),
        }
    };
    for (sql, what) in [
        (
            format!("insert into account_proxies (account_id, proxy_id) values ('{account}', '{hers}')"),
            "“Hers” for +9996620001",
        ),
        (format!("insert into group_proxies (group_id) values ('{group}')"), "no proxy for group “Sales”"),
        (format!("update proxies set is_default = true where id = '{hers}'"), "“Hers” as the default"),
    ] {
        let before = noticed(&test).await.len();
        test.sql(&sql).await;
        test.apply_policy().await;
        ops::proxies::reload(&test.app).await.unwrap();
        assert_eq!(uses(), 1001, "{sql}");
        let noticed = noticed(&test).await;
        let new: Vec<_> =
            noticed.iter().skip(before).map(|(code, details)| format!("{code} {details}")).collect();
        assert_eq!(new.len(), 2, "{sql}: {new:?}");
        assert!(new[0].starts_with("access.foreign-row") && new[0].contains("\"proxy\""), "{new:?}");
        assert!(new[0].contains(what) && new[1].starts_with("access.foreign-change"), "{new:?}");
        ops::proxies::reload(&test.app).await.unwrap();
        assert_eq!(uses(), 1001, "{sql}");
    }
    // What is taken away takes effect, and is recorded.
    let before = noticed(&test).await.len();
    for (number, sql) in [
        "update proxies set is_default = false".to_owned(),
        format!("update proxies set name = 'Ours', name_folded = 'x' where id = '{hers}'"),
    ]
    .iter()
    .enumerate()
    {
        test.sql(sql).await;
        let noticed = noticed(&test).await;
        assert_eq!(noticed.len(), before + number + 1, "{sql}: {noticed:?}");
        assert_eq!(noticed.last().unwrap().0, "access.foreign-change", "{sql}");
    }
}
