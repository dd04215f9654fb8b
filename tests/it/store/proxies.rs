//! Stored proxies: sealed as a whole, and selected for accounts, groups or all.

use std::sync::Arc;

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::proxy::{KnownProxy, ProxyChoice, ProxyChoices, ProxyScope, ProxySelection};
use telescope::domain::{GroupId, Millis, ProxyConfig, ProxyId, ProxyKind, Secret};
use telescope::store::{Conn, StoreError, access_seals, accounts, groups, proxies, unique};

use super::accounts::added as account;
use crate::support::db::TestDb;

super::on_both!(
    a_proxy_is_added_changed_and_removed,
    what_was_changed_with_sql_is_not_used,
    selections_end_with_their_accounts_and_groups,
    selections_of_rows_do_not_count,
);

fn keys(name: &str) -> Keys {
    Keys::new(&MasterKey::parse(&format!("{name:_<12} and 20 more letters")).unwrap(), None)
}

fn config(host: &str) -> ProxyConfig {
    let secret = Secret::new("hunter2");
    ProxyConfig { kind: ProxyKind::Http, host: host.into(), port: 3128, username: "ada".into(), secret }
}

async fn change<T>(
    test: &TestDb,
    work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    test.db.maintain(work).await
}

async fn added(test: &TestDb, name: &str) -> Result<ProxyId, StoreError> {
    let id = ProxyId::generate();
    let add = async |conn: &mut Conn<'_>| {
        proxies::insert(conn, &keys("one"), (id, name), &config("a.example"), Millis(1)).await
    };
    change(test, add).await.map(|()| id)
}

async fn set_default(conn: &mut Conn<'_>, id: ProxyId) -> Result<(), StoreError> {
    proxies::select(conn, ProxySelection::Default(id)).await
}

async fn all(test: &TestDb, keys: &Keys) -> Vec<KnownProxy> {
    proxies::all(&mut test.db.read().await.unwrap(), keys).await.unwrap()
}

async fn choices(test: &TestDb) -> ProxyChoices {
    proxies::choices(&mut test.db.read().await.unwrap()).await.unwrap()
}

async fn choice(test: &TestDb, scope: ProxyScope) -> Option<ProxyChoice> {
    proxies::choice(&mut test.db.read().await.unwrap(), scope).await.unwrap()
}

async fn a_proxy_is_added_changed_and_removed(test: TestDb) {
    let keys = keys("one");
    let (paris, berlin) = (added(&test, "Paris").await.unwrap(), added(&test, "Berlin").await.unwrap());
    let taken = added(&test, "PARIS").await.unwrap_err();
    assert_eq!(unique(&taken), Some("proxies.name_folded"));
    let listed = all(&test, &keys).await;
    assert_eq!(listed.iter().map(|proxy| proxy.id).collect::<Vec<_>>(), [berlin, paris]);
    assert_eq!(listed[0].config, Some(config("a.example")));
    let update = async |conn: &mut Conn<'_>| {
        proxies::update(conn, &keys, (berlin, "Bonn"), &config("b.example"), Millis(2)).await
    };
    change(&test, update).await.unwrap();
    change(&test, async |conn: &mut Conn<'_>| set_default(conn, berlin).await).await.unwrap();
    let bonn = all(&test, &keys).await.remove(0);
    let expected = KnownProxy {
        id: berlin,
        name: "Bonn".into(),
        is_default: true,
        version: 2,
        config: Some(config("b.example")),
    };
    assert_eq!(bonn, expected);
    assert_eq!(choices(&test).await.default, Some(berlin));
    change(&test, async |conn: &mut Conn<'_>| set_default(conn, paris).await).await.unwrap();
    change(&test, async |conn: &mut Conn<'_>| proxies::delete(conn, berlin).await).await.unwrap();
    let gone = change(&test, async |conn: &mut Conn<'_>| proxies::delete(conn, berlin).await).await;
    assert!(matches!(gone, Err(StoreError::Missing)));
    let left = all(&test, &keys).await;
    assert_eq!(left.iter().map(|proxy| (proxy.id, proxy.is_default)).collect::<Vec<_>>(), [(paris, true)]);
}

async fn what_was_changed_with_sql_is_not_used(test: TestDb) {
    added(&test, "Paris").await.unwrap();
    let read = all(&test, &keys("two")).await;
    assert_eq!((read[0].name.as_str(), &read[0].config), ("Paris", &None), "another key");
    test.tamper("update sealed_secrets set version = version + 1").await;
    let read = all(&test, &keys("one")).await;
    assert_eq!(read[0].config, None, "another version");
}

async fn selections_end_with_their_accounts_and_groups(test: TestDb) {
    let paris = added(&test, "Paris").await.unwrap();
    let (first, second, group) = (account(&test, 1).await, account(&test, 2).await, GroupId::generate());
    let select = async |conn: &mut Conn<'_>| {
        groups::insert(conn, group, "Sales").await?;
        let through = ProxyChoice::Proxy(paris);
        proxies::select(conn, ProxySelection::Account(first, through)).await?;
        proxies::select(conn, ProxySelection::Account(second, through)).await?;
        proxies::select(conn, ProxySelection::Account(second, ProxyChoice::Direct)).await?;
        proxies::select(conn, ProxySelection::Group(group, through)).await
    };
    change(&test, select).await.unwrap();
    let expected = ProxyChoices {
        accounts: [(first, ProxyChoice::Proxy(paris)), (second, ProxyChoice::Direct)].into(),
        groups: [(group, ProxyChoice::Proxy(paris))].into(),
        default: None,
    };
    assert_eq!(choices(&test).await, expected);
    let uses = async || proxies::uses(&mut test.db.read().await.unwrap(), paris).await.unwrap();
    assert_eq!(uses().await, (1, 1));
    let end = async |conn: &mut Conn<'_>| {
        accounts::tombstone(conn, first, Millis(9)).await?;
        groups::delete(conn, group).await?;
        proxies::clear(conn, ProxyScope::Account(second)).await
    };
    change(&test, end).await.unwrap();
    assert_eq!(choices(&test).await, ProxyChoices::default());
    assert_eq!(uses().await, (0, 0));
    change(&test, async |conn: &mut Conn<'_>| proxies::delete(conn, paris).await).await.unwrap();
}

async fn selections_of_rows_do_not_count(test: TestDb) {
    test.db.use_keys(&Arc::new(keys("one")));
    let (paris, bonn) = (added(&test, "Paris").await.unwrap(), added(&test, "Bonn").await.unwrap());
    let (first, second, group) = (account(&test, 1).await, account(&test, 2).await, GroupId::generate());
    let select = async |conn: &mut Conn<'_>| {
        groups::insert(conn, group, "Sales").await?;
        proxies::select(conn, ProxySelection::Account(first, ProxyChoice::Proxy(paris))).await?;
        proxies::select(conn, ProxySelection::Group(group, ProxyChoice::Direct)).await?;
        set_default(conn, paris).await
    };
    change(&test, select).await.unwrap();
    let ours = choices(&test).await;
    assert_eq!(ours.accounts, [(first, ProxyChoice::Proxy(paris))].into());
    assert_eq!(choice(&test, ProxyScope::Account(first)).await, Some(ProxyChoice::Proxy(paris)));
    assert_eq!(choice(&test, ProxyScope::Group(group)).await, Some(ProxyChoice::Direct));
    assert_eq!((&ours.groups, ours.default), (&[(group, ProxyChoice::Direct)].into(), Some(paris)));
    for (sql, what) in [
        (
            format!("insert into account_proxies (account_id, proxy_id) values ('{second}', '{bonn}')"),
            "“Bonn” for",
        ),
        (
            format!(
                "insert into account_proxies (account_id, proxy_id, proof)
                 select '{second}', proxy_id, proof from account_proxies"
            ),
            "“Paris” for",
        ),
        (format!("insert into account_proxies (account_id) values ('{second}')"), "no proxy for"),
        (format!("update proxies set is_default = true where id = '{bonn}'"), "“Bonn” as the default"),
        (
            format!(
                "update proxies set is_default = true, default_proof =
                 (select default_proof from proxies where id = '{paris}') where id = '{bonn}'"
            ),
            "“Bonn” as the default",
        ),
    ] {
        test.tamper(&sql).await;
        assert_eq!(choices(&test).await, ours, "{sql}");
        assert_eq!(choice(&test, ProxyScope::Account(second)).await, None, "{sql}");
        assert_eq!(choice(&test, ProxyScope::Default).await, Some(ProxyChoice::Proxy(paris)), "{sql}");
        let listed = all(&test, &keys("one")).await;
        let defaults: Vec<_> = listed.iter().filter(|proxy| proxy.is_default).map(|proxy| proxy.id).collect();
        assert_eq!(defaults, [paris], "{sql}");
        let conn = &mut test.db.read().await.unwrap();
        assert!(access_seals::any_foreign(conn).await.unwrap(), "{sql}");
        let removed =
            change(&test, async |conn: &mut Conn<'_>| access_seals::remove_foreign(conn).await).await;
        let removed: Vec<_> = removed.unwrap().into_iter().map(|foreign| foreign.what).collect();
        assert!(removed.len() == 1 && removed[0].contains(what), "{sql}: {removed:?}");
        assert_eq!(choices(&test).await, ours, "{sql}: what Telescope wrote stays");
    }
    // What takes the place of a choice ends it.
    test.tamper(&format!("update group_proxies set proxy_id = '{bonn}'")).await;
    assert_eq!(choices(&test).await.groups, [].into());
    assert_eq!(choice(&test, ProxyScope::Group(group)).await, None);
}
