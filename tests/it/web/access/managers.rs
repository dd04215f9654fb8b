//! An access manager who is not an administrator: what they may grant, to whom, and what they can learn from the pages.

use crate::support::text::has_word;
use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, GroupId, RoleId};
use telescope::store;

use super::{ADA, ADMIN, Answer, BOB, TestApp, VIEW, Visitor, does, look, plain, save};

const EVE: &str = "eve@example.org";
const ARRANGE: SystemPrivileges = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);

/// Ada manages access and sees the accounts in Sales; Bob may log in there; Eve has no permissions.
struct Context {
    test: TestApp,
    ada: Visitor,
    sales: GroupId,
    inside: AccountId,
    outside: AccountId,
    managers: RoleId,
    desk: RoleId,
    empty: RoleId,
}

async fn context() -> Context {
    let test = TestApp::new().await;
    let (inside, outside) = (test.account(1, None).await, test.account(2, None).await);
    let sales = test.group("Sales", &[inside]).await;
    let managers = test.role("Managers", &[(sales, VIEW)], ARRANGE).await;
    let login = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let desk = test.role("Desk", &[(sales, login)], SystemPrivileges::NONE).await;
    let empty = test.role("Empty", &[], SystemPrivileges::NONE).await;
    test.give(ADA, managers).await;
    test.give(BOB, desk).await;
    test.signed_in(ADMIN).await;
    test.signed_in(EVE).await;
    let ada = test.signed_in(ADA).await;
    Context { test, ada, sales, inside, outside, managers, desk, empty }
}

impl Context {
    async fn id(&self, email: &str) -> String {
        self.test.user(email).await.id.to_string()
    }

    /// The preview names the refusal and offers no save button; saving anyway is refused and changes nothing.
    async fn refuses(&self, path: &str, form: &[(&str, &str)], why: &str) {
        let before = self.test.app.db.ping().await.unwrap();
        let (looked, words) = look(&self.ada, path, form).await;
        assert!(words.contains("Can't be changed") && words.contains(why), "{path}: {words}");
        assert!(!looked.has("main button[value=save]"), "{path}");
        let saved = save(&self.ada, path, &looked).await;
        assert_eq!(saved.status, StatusCode::CONFLICT, "{path}: {}", saved.body);
        let words = saved.texts(".review").join(" ");
        assert!(words.contains("Nothing was changed") && words.contains(why), "{path}: {words}");
        assert_eq!(self.test.app.db.ping().await.unwrap(), before, "{path}");
    }
}

fn failed(answer: &Answer) -> Vec<String> {
    answer.texts(".refusals li").iter().map(|line| plain(line)).collect()
}

#[tokio::test]
async fn access_managers_grant_only_what_they_have() {
    let context = context().await;
    let Context { sales, managers, desk, empty, inside, .. } = context;
    let cell = |role| format!("/access/{sales}/{role}");
    context
        .refuses(&cell(empty), &[("privilege", "view"), ("privilege", "login")], "you don't have login there")
        .await;
    context.refuses(&cell(managers), &[], "change your own roles").await;
    context
        .refuses(
            &format!("/roles/{empty}/system"),
            &[("privilege", "read_audit")],
            "you don't have read_audit",
        )
        .await;
    context.refuses(&format!("/roles/{managers}/delete"), &[], "change your own roles").await;
    context.refuses(&format!("/roles/{desk}/give"), &[("people", EVE)], "you don't have login there").await;
    context.refuses(&format!("/roles/{empty}/give"), &[("people", ADA)], "change your own roles").await;
    context
        .refuses(
            &format!("/roles/{desk}/take"),
            &[("person", &context.id(BOB).await)],
            "more permissions than you",
        )
        .await;
    let (admin, own) = (context.id(ADMIN).await, context.id(ADA).await);
    let (role, mine) = (empty.to_string(), managers.to_string());
    context.refuses(&format!("/users/{admin}/roles"), &[("role", &role)], "more permissions than you").await;
    context
        .refuses(
            &format!("/users/{own}/roles"),
            &[("role", &mine), ("what", "take")],
            "change your own roles",
        )
        .await;
    let renamed = context.ada.post(&format!("/roles/{managers}/rename"), &[("name", "Gods")]).await;
    assert_eq!(renamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(renamed.texts("#name-error")[0].contains("change your own roles"));
    // Nor may they forget identities or make administrators.
    for (whom, what) in [
        (EVE, "grant-admin"),
        (ADMIN, "revoke-admin"),
        (ADMIN, "disable"),
        (ADMIN, "end-sessions"),
        (ADMIN, "forget-identity"),
    ] {
        let answer = context.ada.post(&format!("/users/{}/{what}", context.id(whom).await), &[]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
    }
    // They may switch a second person's approval on, but not off.
    let approval = format!("/groups/{sales}/approval");
    for (needed, status) in
        [("yes", StatusCode::SEE_OTHER), ("no", StatusCode::CONFLICT), ("", StatusCode::SEE_OTHER)]
    {
        assert_eq!(context.ada.post(&approval, &[("needed", needed)]).await.status, status, "{needed:?}");
    }
    // The account's own form goes by the same rules: no owner and no group that gives more than he has.
    let owner = context.ada.edit(inside, &[("owner", EVE)]).await;
    assert_eq!(owner.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        owner.texts("#owner-error")[0].contains("you don't have login"),
        "{:?}",
        owner.texts("#owner-error")
    );
    let more = context.test.role("More", &[], SystemPrivileges::NONE).await;
    let vip = context.test.group("VIP", &[]).await;
    let set = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::RemoveAccount]);
    let root = context.test.signed_in(ADMIN).await;
    let form: Vec<_> = set.iter().map(|privilege| ("privilege", privilege.name())).collect();
    does(&root, &format!("/access/{vip}/{more}"), &form).await;
    let groups = context.ada.edit(inside, &[("groups", "Sales, VIP")]).await;
    assert_eq!(groups.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(groups.texts("#groups-error")[0].contains("you don't have remove_account"));
    let form = [("account", inside.to_string())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    context.refuses(&format!("/groups/{vip}/put-in"), &form, "you don't have remove_account").await;
}

#[tokio::test]
async fn own_permissions_can_be_granted_and_bulk_changes_list_what_was_refused() {
    let context = context().await;
    let Context { sales, empty, managers, .. } = context;
    does(&context.ada, &format!("/access/{sales}/{empty}"), &[("privilege", "view")]).await;
    let (words, _) = does(&context.ada, &format!("/roles/{empty}/give"), &[("people", EVE)]).await;
    assert!(words.contains("eve@example.org gains View"), "{words}");
    let role = empty.to_string();
    let (admin, own, eve) = (context.id(ADMIN).await, context.id(ADA).await, context.id(EVE).await);
    let form =
        [("person", admin.as_str()), ("person", &own), ("person", &eve), ("role", &role), ("what", "take")];
    let (looked, _) = look(&context.ada, "/users/roles", &form).await;
    assert!(plain(&looked.texts(".effects").join(" ")).contains("eve@example.org loses View"));
    let (looked_failed, expected) = (failed(&looked), ["root@example.org: ", "ada@example.org: "]);
    assert!(looked_failed.len() == 2, "{looked_failed:?}");
    for (line, person) in looked_failed.iter().zip(expected) {
        assert!(line.starts_with(person), "{line}");
    }
    let saved = save(&context.ada, "/users/roles", &looked).await;
    assert_eq!(saved.status, StatusCode::OK);
    assert_eq!(failed(&saved), looked_failed);
    let words = saved.texts(".review").join(" ");
    assert!(words.contains("Some changes could not be made") && !words.contains("No one gains"), "{words}");
    assert!(context.test.app.live.policy.current().roles_of(context.test.user(EVE).await.id).is_empty());
    assert_eq!(context.test.app.live.policy.current().roles_of(context.test.user(ADA).await.id), [managers]);
}

#[tokio::test]
async fn accounts_that_are_not_visible_look_nonexistent() {
    let context = context().await;
    let Context { sales, outside, .. } = context;
    let into = format!("/groups/{sales}/put-in");
    let (looked, _) = look(&context.ada, &into, &[("numbers", "+99966 2 0002\n+99966 2 0777; 12")]).await;
    let lines = failed(&looked);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in &lines {
        assert!(line.contains(": There is no account "), "{line}");
    }
    assert_eq!(save(&context.ada, &into, &looked).await.status, StatusCode::CONFLICT);
    // Its id gives the same answer.
    let ids = [outside.to_string(), "0190aaaa-0000-7000-8000-000000000000".to_owned()];
    let mut said = Vec::new();
    for id in &ids {
        said.push(failed(&look(&context.ada, &into, &[("account", id)]).await.0));
    }
    assert_eq!(said[0], said[1]);
    assert!(!has_word(&context.ada.get(&format!("/groups/{sales}?q=99966")).await.body, "20002"));

    // A group with hidden accounts only says that there are more.
    let other = context.test.group("Board", &[outside]).await;
    let page = context.ada.get(&format!("/groups/{other}")).await;
    assert!(page.texts("main").join(" ").contains("that you can't see") && !page.has(".ticks li"));
    assert_eq!(context.ada.get("/groups").await.texts("tbody td"), ["0", "0", "1", "2"]);
    let watchers = context.test.role("Watchers", &[(other, VIEW)], SystemPrivileges::NONE).await;
    context.test.give(EVE, watchers).await;
    // Eve has a permission there that Ada lacks, so it is not Ada's to take.
    let delete = format!("/groups/{other}/delete");
    context.refuses(&delete, &[], "more permissions than you").await;
    let both = context.test.role("Watchers, too", &[(other, VIEW)], SystemPrivileges::NONE).await;
    context.test.give(ADA, both).await;
    let hidden = context.test.account(3, None).await;
    context.test.group("Vault", &[hidden]).await;
    let (looked, words) = look(&context.ada, &delete, &[]).await;
    assert!(words.contains("Group “Board”: ada@example.org and eve@example.org lose View"), "{words}");
    assert!(!has_word(&looked.body, "20003"));
}

#[tokio::test]
async fn whoever_adds_an_account_owns_it_and_is_told_if_it_is_not_visible() {
    let context = context().await;
    let adders = SystemPrivileges::of(&[SystemPrivilege::AddAccount]);
    let adding = context.test.role("Adders", &[], adders).await;
    context.test.give(EVE, adding).await;
    let eve = context.test.signed_in(EVE).await;
    let form = eve.get("/accounts/add").await;
    assert_eq!(form.attributes("#owner", "value"), [EVE]);
    let root = context.test.signed_in(ADMIN).await;
    assert_eq!(root.get("/accounts/add").await.attributes("#owner", "value"), [""]);
    let own = eve.post("/accounts/add", &[("phone", "+9996620051"), ("owner", EVE)]).await;
    assert_eq!(eve.get(own.header("location")).await.status, StatusCode::OK);
    for (path, form) in
        [("/accounts/add", &[("phone", "+9996620052"), ("owner", BOB)][..]), ("/accounts/add-test", &[])]
    {
        let added = eve.post(path, form).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{path}");
        let said = eve.get(added.header("location")).await;
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", added.header("location"));
        assert!(said.texts("main [role=status]").join(" ").contains("You don't have access to"), "{path}");
    }
    // In the dialog, too, which does not tell the number of hidden accounts.
    let added = eve.post_fragment("/accounts/add", &[("phone", "+9996620053"), ("owner", "")]).await;
    let said = eve.fragment(added.header("location")).await;
    assert!(
        said.texts("[role=status]").join(" ").contains("You don't have access to")
            && !has_word(&said.body, "20053")
    );
}

#[tokio::test]
async fn roles_from_the_identity_provider_are_only_removed_there() {
    let context = context().await;
    let Context { empty, .. } = context;
    let eve = context.test.user(EVE).await.id;
    let by_provider = async |conn: &mut store::Conn<'_>| -> Result<(), store::StoreError> {
        store::roles::set_from_provider(conn, eve, &["empty".to_owned()]).await.map(drop)
    };
    context.test.app.db.maintain(by_provider).await.unwrap();
    context.test.apply_policy().await;
    let root = context.test.signed_in(ADMIN).await;
    let page = root.get(&format!("/roles/{empty}")).await;
    assert!(page.texts(".ticks .hint")[0].contains("by the identity provider; remove it there"));
    assert!(!page.has(".ticks input"));
    let page = root.get(&format!("/users/{eve}")).await;
    assert!(page.texts(".ticks .hint")[0].contains("by the identity provider") && !page.has(".ticks input"));
    let person = eve.to_string();
    let (looked, words) = look(&root, &format!("/roles/{empty}/take"), &[("person", &person)]).await;
    assert!(words.contains("The identity provider gives this role"), "{words}");
    assert_eq!(save(&root, &format!("/roles/{empty}/take"), &looked).await.status, StatusCode::CONFLICT);
    // If the role was also assigned here, that assignment can be removed.
    does(&root, &format!("/roles/{empty}/give"), &[("people", EVE)]).await;
    let page = root.get(&format!("/users/{eve}")).await;
    assert_eq!(page.texts(".ticks .hint")[0], "assigned here and by the identity provider");
    does(&root, &format!("/roles/{empty}/take"), &[("person", &person)]).await;
    assert_eq!(root.get("/users?q=eve").await.texts("td.roles"), ["Empty"]);
}

#[tokio::test]
async fn people_above_keep_their_sessions_and_rights() {
    let context = context().await;
    let Context { sales, desk, empty, .. } = context;
    context.test.account(3, Some(EVE)).await;
    let bob = context.test.signed_in(BOB).await;
    // Eve owns an account that Ada does not see, and Bob has more in Sales.
    for (whom, what) in [(EVE, "disable"), (EVE, "end-sessions"), (BOB, "disable"), (BOB, "end-sessions")] {
        let path = format!("/users/{}/{what}", context.id(whom).await);
        let asked = context.ada.get(&path).await;
        assert!(asked.has("[role=alert]") && !asked.has("main button.danger"), "{path}: {}", asked.body);
        assert_eq!(context.ada.post(&path, &[]).await.status, StatusCode::CONFLICT, "{path}");
        assert!(!context.test.user(whom).await.disabled);
    }
    assert_eq!(bob.get("/accounts").await.status, StatusCode::OK, "the session goes on");
    for (path, form) in [
        (format!("/access/{sales}/{desk}"), &[][..]),
        (format!("/access/{sales}/{desk}"), &[("privilege", "view")][..]),
        (format!("/roles/{desk}/delete"), &[][..]),
    ] {
        context.refuses(&path, form, "more permissions").await;
    }
    // A role that only takes from people who may no more than she is hers to delete.
    context.test.give(EVE, empty).await;
    does(&context.ada, &format!("/roles/{empty}/delete"), &[]).await;
}

#[tokio::test]
async fn an_unknown_permission_in_a_form_takes_nothing_away() {
    let context = context().await;
    let Context { sales, desk, .. } = context;
    let root = context.test.signed_in(ADMIN).await;
    for path in [format!("/access/{sales}/{desk}"), format!("/roles/{desk}/system")] {
        for step in ["preview", "save"] {
            let form = [("privilege", "view"), ("privilege", "fly"), ("step", step)];
            let before = context.test.app.db.ping().await.unwrap();
            assert_eq!(root.post(&path, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert_eq!(context.test.app.db.ping().await.unwrap(), before);
        }
    }
}
