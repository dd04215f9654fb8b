//! The pages that manage access: what they show, what they refuse, and that a preview changes nothing.

mod explain;
mod managers;

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::ops::audit::queue;
use telescope::store;

use super::app::{ADMIN, Answer, TestApp, Visitor};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const VIEW: AccountPrivileges = AccountPrivileges::of(&[AccountPrivilege::View]);

/// The hidden fields of a preview, which are sent when it is saved.
fn carried(looked: &Answer) -> Vec<(String, String)> {
    let hidden = "main form input[type=hidden]";
    let mut fields: Vec<_> =
        looked.attributes(hidden, "name").into_iter().zip(looked.attributes(hidden, "value")).collect();
    fields.push(("step".into(), "save".into()));
    fields
}

async fn save(who: &Visitor, path: &str, looked: &Answer) -> Answer {
    let fields = carried(looked);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    who.post(path, &fields).await
}

/// Previews a form; returns the answer and its text.
async fn look(who: &Visitor, path: &str, form: &[(&str, &str)]) -> (Answer, String) {
    let looked = who.post(path, &[form, &[("step", "preview")]].concat()).await;
    assert_eq!(looked.status, StatusCode::OK, "{path}: {}", looked.body);
    let words = plain(&looked.texts("main .review").join(" "));
    (looked, words)
}

/// A text without the spaces that come from an element that ends before a punctuation mark.
fn plain(text: &str) -> String {
    text.replace(" ,", ",").replace(" :", ":")
}

/// Previews and saves. Returns the preview's text and the redirect's target.
async fn does(who: &Visitor, path: &str, form: &[(&str, &str)]) -> (String, String) {
    let (looked, words) = look(who, path, form).await;
    let saved = save(who, path, &looked).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{path}: {}", saved.body);
    (words, saved.header("location").to_owned())
}

async fn newest(test: &TestApp) -> Option<(i64, String)> {
    queue::flush(&test.app).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &store::audit::Filter::default(), 1).await.unwrap();
    entries.into_iter().next().map(|entry| (entry.seq, entry.code))
}

#[tokio::test]
async fn access_is_set_up_from_nothing_and_taken_back() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    let sees = async || ada.get(&format!("/accounts/{account}")).await.status == StatusCode::OK;
    let made = async |path: &str, name: &str| {
        let answer = root.post(path, &[("name", name)]).await;
        let place = answer.header("location").to_owned();
        place.strip_suffix("?done=made").unwrap_or_else(|| panic!("{path}: {}", answer.body)).to_owned()
    };
    let (role, group) = (made("/roles", " Support ").await, made("/groups", "Sales").await);
    let ids = [&role, &group].map(|place| place.rsplit('/').next().unwrap().to_owned());
    let cell = format!("/access/{}/{}", ids[1], ids[0]);

    let (words, to) =
        does(&root, &format!("{role}/give"), &[("people", "ADA@example.org,\nnew@example.org")]).await;
    assert!(words.contains("No one gains or loses"), "the role gives nothing yet: {words}");
    assert_eq!(to, format!("{role}?done=saved"));
    assert!(root.get(&to).await.texts(".done").join(" ").contains("Saved"));
    let (words, _) = does(&root, &format!("{group}/put-in"), &[("numbers", "+99966 2 0001")]).await;
    assert!(words.contains("No one gains or loses"), "{words}");
    let (words, _) = does(&root, &cell, &[("privilege", "view"), ("privilege", "login")]).await;
    let expected = "Group “Sales”: ada@example.org and new@example.org gain View Log in";
    assert!(words.contains(expected), "{words}");
    assert!(sees().await);

    // Each page says so.
    let matrix = root.get("/access").await;
    assert_eq!(matrix.texts(".matrix td"), ["Support in Sales : View Log in"]);
    assert_eq!(matrix.attributes(".matrix td a", "href"), [cell.as_str()]);
    assert_eq!(root.get("/access?group=nothing").await.texts(".matrix").len(), 0);
    assert_eq!(root.get("/roles").await.texts("tbody th, tbody td"), ["Support", "2", "1", ""]);
    assert_eq!(root.get("/groups").await.texts("tbody th, tbody td"), ["Sales", "1", "1"]);
    let page = root.get(&role).await;
    assert_eq!(page.texts(".ticks bdi"), [ADA, "new@example.org"]);
    assert_eq!(page.texts(".ticks .hint")[0], "assigned here");
    assert_eq!(page.texts(".cells li"), ["Sales View Log in"]);
    let page = root.get(&group).await;
    assert_eq!(page.texts(".ticks .phone"), ["+9996620001"]);
    assert_eq!(page.texts(".cells li"), ["Support View Log in"]);
    let ticked = root.get(&cell).await.attributes("main input[checked]", "value");
    assert_eq!(ticked, ["view", "login"]);

    // Approvals are switched on and off on the group's page.
    for (button, needed) in [("Require approval…", true), ("Stop requiring approval…", false)] {
        let form = format!("form[action='{group}/approval']");
        let page = root.get(&group).await;
        assert_eq!(page.texts(&format!("{form} button")), [button]);
        let wanted = page.attributes(&format!("{form} input"), "value").remove(0);
        let saved = root.post(&format!("{group}/approval"), &[("needed", &wanted)]).await;
        assert_eq!(saved.header("location"), format!("{group}?done=saved"));
        let groups = store::groups::needing_approval(&mut test.app.db.read().await.unwrap()).await.unwrap();
        assert_eq!(!groups.is_empty(), needed);
    }

    // And back: privileges, the account, people, names.
    let (words, _) = does(&root, &cell, &[("privilege", "view")]).await;
    assert!(words.contains("lose Log in"), "{words}");
    let out = [("account", account.to_string())];
    let out: Vec<_> = out.iter().map(|(name, id)| (*name, id.as_str())).collect();
    let (words, _) = does(&root, &format!("{group}/take-out"), &out).await;
    assert!(words.contains("Account +9996620001:") && words.contains("lose View"), "{words}");
    assert!(!sees().await);
    does(&root, &format!("{group}/put-in"), &out).await;
    assert!(sees().await);
    let person = test.user(ADA).await.id.to_string();
    let (words, _) = does(&root, &format!("{role}/take"), &[("person", &person)]).await;
    assert!(words.contains("ada@example.org loses View"), "{words}");
    assert!(!sees().await);
    does(&root, &format!("/users/{person}/roles"), &[("what", "give"), ("role", &ids[0])]).await;
    assert!(sees().await);
    let renamed = root.post(&format!("{role}/rename"), &[("name", "Desk")]).await;
    assert_eq!(renamed.header("location"), format!("{role}?done=renamed"));
    let (words, to) = does(&root, &format!("{role}/delete"), &[]).await;
    assert!(words.contains("Delete role “Desk”") && words.contains("ada@example.org and new"), "{words}");
    assert_eq!(to, "/roles?done=deleted");
    assert!(!sees().await);
    let (_, to) = does(&root, &format!("{group}/delete"), &[]).await;
    assert_eq!(to, "/groups?done=deleted");
    for gone in [&role, &group, &cell] {
        assert_eq!(root.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert!(test.app.live.accounts.get(account).is_some(), "the account stays");
}

#[tokio::test]
async fn wrong_input_is_reported_beside_its_field_and_kept() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let group = test.group("Sales", &[]).await;
    let role = test.role("Support", &[], SystemPrivileges::NONE).await;
    let other = test.role("Desk", &[], SystemPrivileges::NONE).await;
    let long = "x".repeat(61);
    let said = async |path: &str, form: &[(&str, &str)], place: &str| {
        let answer = root.post(path, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form:?}: {}", answer.body);
        let words = answer.texts(place).join(" ");
        assert!(!words.is_empty(), "{path} {form:?}");
        (answer, words)
    };
    for name in ["", "  ", long.as_str(), "a,b", "a\nb", "SUPPORT"] {
        for path in ["/roles".to_owned(), format!("/roles/{other}/rename")] {
            let (answer, _) = said(&path, &[("name", name)], "#name-error").await;
            assert_eq!(answer.attributes("#name", "value"), [name]);
        }
    }
    for path in ["/groups".to_owned(), format!("/groups/{}/rename", test.group("Shop", &[]).await)] {
        let (_, words) = said(&path, &[("name", "sales")], "#name-error").await;
        assert!(words.contains("There is already a group with this name"), "{words}");
    }
    let typed = "ada@example.org\nnobody <script>";
    let (answer, words) = said(&format!("/roles/{role}/give"), &[("people", typed)], "#people-error").await;
    assert!(words.contains("nobody <script>") && answer.texts("#people")[0].contains("nobody"), "{words}");
    said(&format!("/roles/{role}/give"), &[("people", " , ")], "#people-error").await;
    said(&format!("/groups/{group}/put-in"), &[("numbers", "")], "#numbers-error").await;
    for step in ["preview", "save"] {
        let form = [("privilege", "login"), ("step", step)];
        let (answer, words) = said(&format!("/access/{group}/{role}"), &form, "#privilege-error").await;
        assert!(words.contains("need “View”"), "{words}");
        assert_eq!(answer.attributes("main input[checked]", "value"), ["login"]);
    }
    test.signed_in(ADA).await;
    let ada = test.user(ADA).await.id.to_string();
    for (form, expected) in [
        (&[("role", role.to_string())][..], "Select at least one person"),
        (&[("person", ada.clone())], "Choose a role"),
        (&[("person", ada.clone()), ("role", "none".into())], "Choose a role"),
    ] {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (_, words) = said("/users/roles", &form, "[role=alert]").await;
        assert!(words.contains(expected), "{words}");
    }
    said(&format!("/users/{ada}/roles"), &[("what", "take")], "[role=alert]").await;
    let none = "0190aaaa-0000-7000-8000-000000000000";
    for path in [
        format!("/access/{group}/{none}"),
        format!("/access/{none}/{role}"),
        format!("/access/none/{role}"),
        format!("/roles/{none}/delete"),
        format!("/roles/{none}/give"),
        format!("/groups/{none}/put-in"),
        "/groups/none/rename".into(),
        format!("/users/{none}/roles"),
    ] {
        assert_eq!(root.post(&path, &[("name", "x")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_preview_changes_nothing_and_only_what_was_previewed_is_saved() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let group = test.group("Sales", &[account]).await;
    let role = test.role("Support", &[(group, VIEW)], SystemPrivileges::NONE).await;
    test.give(ADA, role).await;
    test.signed_in(BOB).await;
    let (ada, bob) = (test.user(ADA).await.id.to_string(), test.user(BOB).await.id.to_string());
    let (account, chosen) = (account.to_string(), role.to_string());
    for (path, form) in [
        (format!("/access/{group}/{role}"), vec![("privilege", "view"), ("privilege", "login")]),
        (format!("/roles/{role}/system"), vec![("privilege", "manage_access")]),
        (format!("/roles/{role}/give"), vec![("people", "bob@example.org, new@example.org")]),
        (format!("/roles/{role}/take"), vec![("person", ada.as_str())]),
        (format!("/roles/{role}/delete"), vec![]),
        (format!("/groups/{group}/take-out"), vec![("account", account.as_str())]),
        (format!("/groups/{group}/delete"), vec![]),
        ("/users/roles".into(), vec![("person", bob.as_str()), ("role", &chosen), ("what", "give")]),
        (format!("/users/{ada}/roles"), vec![("role", &chosen), ("what", "take")]),
    ] {
        let state = async || (newest(&test).await, test.app.db.ping().await.unwrap());
        let before = state().await;
        let (looked, words) = look(&root, &path, &form).await;
        assert!(words.contains("gain") || words.contains("lose"), "{path}: {words}");
        assert_eq!(
            root.post(&path, &form).await.status,
            StatusCode::OK,
            "without a step it is a preview, too"
        );
        assert_eq!(state().await, before, "{path}");
        // A rule changes in between.
        test.sql("update roles set name = 'Support'").await;
        test.apply_policy().await;
        let changed = state().await;
        let late = save(&root, &path, &looked).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{path}: {}", late.body);
        let words = late.texts(".review").join(" ");
        assert!(words.contains("The access rules were changed in the meantime"), "{path}: {words}");
        assert!(words.contains("gain") || words.contains("lose"), "{path}: a new preview: {words}");
        assert_eq!(state().await, changed, "{path}: nothing was changed");
        let seen = carried(&late).into_iter().find(|(name, _)| name == "seen").unwrap().1;
        assert_eq!(seen, changed.1.to_string(), "{path}: the preview is of the current state");
    }
    // A version that is not a number counts as an old one.
    let form = [("privilege", "manage_access"), ("step", "save"), ("seen", "x")];
    let late = root.post(&format!("/roles/{role}/system"), &form).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let (looked, _) = look(&root, &format!("/roles/{role}/system"), &form[..1]).await;
    assert_eq!(save(&root, &format!("/roles/{role}/system"), &looked).await.status, StatusCode::SEE_OTHER);
    assert_eq!(root.get("/roles").await.texts("tbody td:last-child"), ["Manage access"]);
}

/// Two people change the same permissions: the second is told what the first has done.
#[tokio::test]
async fn a_form_of_permissions_or_of_a_name_that_is_out_of_date_changes_nothing() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let group = test.group("Sales", &[]).await;
    let role = test.role("Desk", &[], SystemPrivileges::NONE).await;
    let cell = format!("/access/{group}/{role}");
    let system = format!("/roles/{role}/system");
    for (path, page, theirs, mine) in [
        (&cell, cell.clone(), "view", "login"),
        (&system, format!("/roles/{role}"), "read_audit", "add_account"),
    ] {
        let form = format!("form[action='{path}']");
        let was = root.get(&page).await.attributes(&format!("{form} [name=was]"), "value").concat();
        let changed = [("was", was.as_str()), ("privilege", theirs), ("step", "save")];
        assert_eq!(root.post(path, &changed).await.status, StatusCode::SEE_OTHER);
        for step in ["preview", "save"] {
            let late = [("was", was.as_str()), ("privilege", mine), ("privilege", theirs), ("step", step)];
            let refused = root.post(path, &late).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{path} {step}: {}", refused.body);
            let said = refused.texts(".error").concat();
            assert!(said.contains("Another person changed these permissions"), "{said}");
            assert!(refused.attributes(&format!("{form} [checked]"), "value").contains(&mine.to_owned()));
            let now = refused.attributes(&format!("{form} [name=was]"), "value");
            assert_eq!(now, [theirs], "what is there now can be overwritten knowingly");
        }
    }
    for path in [format!("/roles/{role}"), format!("/groups/{group}")] {
        let name = |page: &Answer| {
            page.attributes(&format!("form[action='{path}/rename'] [name=was]"), "value").concat()
        };
        let was = name(&root.get(&path).await);
        let renamed = [("was", was.as_str()), ("name", "Theirs")];
        assert_eq!(root.post(&format!("{path}/rename"), &renamed).await.status, StatusCode::SEE_OTHER);
        let refused = root.post(&format!("{path}/rename"), &[("was", &was), ("name", "Mine")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert!(refused.texts("#name-error").concat().contains("to “Theirs”"), "{}", refused.body);
        assert_eq!(refused.attributes("#name", "value"), ["Mine"], "what was typed stays");
        assert_eq!(name(&refused), "Theirs");
    }
}
