//! Searching, filtering and sorting the list.

use axum::http::StatusCode;
use telescope::domain::account::Profile;
use telescope::domain::{Network, Snapshot, Stage};

use super::super::app::{ADMIN, TestApp};
use super::phones;

#[tokio::test]
async fn the_list_can_be_filtered_and_sorted() {
    let test = TestApp::new().await;
    for (number, owner, stage) in [
        (1, Some("bob@example.org"), Stage::Ready),
        (3, Some("ada@example.org"), Stage::SignedOut),
        (2, None, Stage::Ready),
    ] {
        let id = test.account(number, owner).await;
        let profile = Profile { telegram_id: 1, name: format!("Name{number} Ünal"), username: None };
        let snapshot = Snapshot { stage, profile: Some(profile), ..Snapshot::off() };
        test.app.live.accounts.put_snapshot(id, snapshot);
    }
    let root = test.signed_in(ADMIN).await;
    for (query, expected) in [
        ("", &["0002", "0003", "0001"][..]),
        ("?sort=phone", &["0001", "0002", "0003"]),
        ("?sort=owner", &["0002", "0003", "0001"]),
        ("?sort=stage", &["0003", "0001", "0002"]),
        ("?sort=nonsense", &["0002", "0003", "0001"]),
        ("?stage=ready", &["0002", "0001"]),
        ("?stage=nonsense", &[]),
        ("?owner=ADA@example.org", &["0003"]),
        ("?q=%2B99966%2020003", &["0003"]),
        ("?q=bob", &["0001"]),
        ("?q=%C3%9CNAL&sort=phone", &["0001", "0002", "0003"]),
        ("?q=name2", &["0002"]),
        ("?q=nothing+like+it", &[]),
        ("?q=%3Cscript%3E", &[]),
        ("?page=1&unknown=1", &["0002", "0003", "0001"]),
        ("?page=99", &["0002", "0003", "0001"]),
    ] {
        let page = root.get(&format!("/accounts{query}")).await;
        assert_eq!(phones(&page), expected, "{query}");
        assert!(!page.body.contains("<script>\""), "{query}");
        let stream = page.attributes("#live", "hx-sse:connect");
        assert!(stream[0].starts_with("/accounts/events"), "{stream:?}");
    }
    let page = root.get("/accounts?stage=ready&q=a").await;
    assert_eq!(page.texts("#summary a[aria-current]"), ["Ready 2"]);
    assert_eq!(page.attributes("#q", "value"), ["a"]);
    assert!(page.attributes("#summary a", "href").contains(&"/accounts?q=a&stage=signed-out".to_owned()));
    for wrong in ["?page=-1", "?page=x", "?q=%ff"] {
        let answer = root.get(&format!("/accounts{wrong}")).await;
        assert!(answer.status == StatusCode::OK || answer.has("h1"), "{wrong}: {}", answer.body);
        assert!(!answer.status.is_server_error(), "{wrong}");
    }
}

#[tokio::test]
async fn accounts_are_found_as_people_type_them() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let ada = test.account(4077, Some("ada@example.org")).await;
    let profile = Profile { telegram_id: 1, name: "Ada Almond".into(), username: Some("ada_a".into()) };
    let snapshot = Snapshot { stage: Stage::Ready, profile: Some(profile), ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(ada, snapshot);
    let bob = test.account(12, Some("bob@example.org")).await;
    let form = [("owner", "bob@example.org"), ("groups", "Vertrieb Köln"), ("comment", "Łódź")];
    assert_eq!(root.edit(bob, &form).await.status, StatusCode::SEE_OTHER);
    let number = test.app.live.accounts.get(ada).unwrap().account.identifier.to_string();
    let (country, rest) = number.split_at(4);
    let typed = |text: String| serde_html_form::to_string([("q", text)]).unwrap();
    for (text, expected) in [
        (format!("{country} {} {}", &rest[..2], &rest[2..]), &["4077"][..]),
        (format!("({}) {}-{}", &country[1..], &rest[..3], &rest[3..]), &["4077"]),
        (format!("{country} (0) {rest}"), &["4077"]),
        ("40 77".into(), &["4077"]),
        ("almond ada".into(), &["4077"]),
        ("@ada_a 4077".into(), &["4077"]),
        ("ada bob".into(), &[]),
        ("koln".into(), &["0012"]),
        ("KÖLN vertrieb".into(), &["0012"]),
        ("ko\u{308}ln".into(), &["0012"]),
        ("lodz bob".into(), &["0012"]),
        ("+49".into(), &[]),
    ] {
        let page = root.get(&format!("/accounts?{}", typed(text.clone()))).await;
        assert_eq!(phones(&page), expected, "{text}");
    }
    // A group is found by its new name at once.
    let conn = &mut test.app.db.read().await.unwrap();
    let group = telescope::store::groups::all(conn).await.unwrap().remove(0);
    let renamed = root.post(&format!("/groups/{}/rename", group.id), &[("name", "Sales Cologne")]).await;
    assert_eq!(renamed.status, StatusCode::SEE_OTHER);
    for (text, expected) in [("koln", &[][..]), ("cologne", &["0012"])] {
        assert_eq!(phones(&root.get(&format!("/accounts?q={text}")).await), expected, "{text}");
    }
}

#[tokio::test]
async fn the_list_can_be_filtered_by_group_owner_and_line() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (number, owner, groups, network) in [
        (1, Some("ada@example.org"), "Sales, Support", Network::Ready),
        (2, Some("bob@example.org"), "sales", Network::Connecting),
        (3, None, "", Network::Off),
    ] {
        let id = test.account(number, owner).await;
        let form = [("owner", owner.unwrap_or_default()), ("groups", groups)];
        assert_eq!(root.edit(id, &form).await.status, StatusCode::SEE_OTHER);
        let snapshot = Snapshot { stage: Stage::Ready, network, ..Snapshot::off() };
        test.app.live.accounts.put_snapshot(id, snapshot);
    }
    let page = root.get("/accounts").await;
    assert_eq!(
        page.texts("#group option"),
        ["Any group", "Sales", "Support"],
        "one group, however it is typed"
    );
    let groups = page.attributes("#group option", "value");
    let (sales, support) = (&groups[1], &groups[2]);
    let owners = page.texts("#owner-filter option");
    assert_eq!(owners, ["Any owner", "No owner", "ada@example.org", "bob@example.org"]);
    for (query, expected) in [
        (format!("?group={sales}"), &["0002", "0001"][..]),
        (format!("?group={support}"), &["0001"]),
        (format!("?group={sales}&owner=bob@example.org"), &["0002"]),
        (format!("?group={sales}&line=trouble&q=bob"), &["0002"]),
        ("?group=nonsense".into(), &[]),
        ("?group=00000000-0000-0000-0000-000000000000".into(), &[]),
        ("?owner=nobody".into(), &["0003"]),
        ("?owner=nobody@example.org".into(), &[]),
        ("?line=in-touch".into(), &["0001"]),
        ("?line=off".into(), &["0003"]),
        ("?line=nonsense".into(), &[]),
        ("?q=&group=&owner=&line=".into(), &["0003", "0002", "0001"]),
    ] {
        assert_eq!(phones(&root.get(&format!("/accounts{query}")).await), expected, "{query}");
    }
    let page =
        root.get(&format!("/accounts?group={sales}&line=trouble&owner=BOB@example.org&sort=phone")).await;
    let chosen = page.texts(".search option[selected]");
    assert_eq!(chosen, ["Sales", "bob@example.org", "Connection problems"]);
    assert!(
        page.attributes("#summary a", "href").contains(&"/accounts?sort=phone".to_owned()),
        "all can be cleared"
    );
    let stream = &page.attributes("#live", "hx-sse:connect")[0];
    assert!(stream.contains(&format!("group={sales}")) && stream.contains("line=trouble"), "{stream}");
}

#[tokio::test]
async fn groups_and_owners_that_are_not_visible_are_not_offered() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (number, owner, group) in [(1, "ada@example.org", "Sales"), (2, "bob@example.org", "Secret plan")] {
        let id = test.account(number, Some(owner)).await;
        root.edit(id, &[("owner", owner), ("groups", group)]).await;
    }
    let page = test.signed_in("ada@example.org").await.get("/accounts").await;
    assert_eq!(page.texts("#group option"), ["Any group", "Sales"]);
    assert!(!page.body.contains("Secret plan") && !page.body.contains("bob@example.org"), "{}", page.body);
}

#[tokio::test]
async fn a_search_while_typing_gets_only_the_list() {
    let test = TestApp::new().await;
    for (number, owner) in [(1, "ada@example.org"), (2, "bob@example.org")] {
        test.account(number, Some(owner)).await;
    }
    let root = test.signed_in(ADMIN).await;
    let answer = root.fragment("/accounts?q=bob&group=&owner=&line=&sort=phone").await;
    assert_eq!(phones(&answer), ["0002"]);
    assert!(!answer.has("h1") && !answer.has("#q"), "the search field is not replaced: {}", answer.body);
    let live = answer.attributes("#list #live", "hx-sse:connect");
    assert!(live[0].starts_with("/accounts/events?q=bob&sort=phone&shown="), "{live:?}");
    assert_eq!(answer.header("hx-replace-url"), "/accounts?q=bob&sort=phone");
    assert!(answer.body.contains("1 matching account"));
    let odd = root.fragment("/accounts?q=%0d%0aSet-Cookie:%20a=b%E2%80%AE").await;
    assert_eq!(odd.header("set-cookie"), "");
    assert_eq!(odd.header("hx-replace-url"), "/accounts?q=%0D%0ASet-Cookie%3A+a%3Db%E2%80%AE");
    let out = test.anonymous().fragment("/accounts?q=bob").await;
    assert!(!out.body.contains("9996620002"), "{}", out.body);
}

#[tokio::test]
async fn a_page_has_a_hundred_rows() {
    let test = TestApp::new().await;
    for number in 1..=101 {
        test.account(number, None).await;
    }
    let root = test.signed_in(ADMIN).await;
    let first = root.get("/accounts?sort=phone").await;
    assert_eq!(phones(&first).len(), 100);
    assert_eq!(first.texts("#pager p"), ["1–100 of 101"]);
    let next = first.attributes("#pager a[rel=next]", "href");
    let second = root.get(&next[0]).await;
    assert_eq!(phones(&second), ["0101"]);
    assert_eq!(second.texts("#pager p"), ["101–101 of 101"]);
}
