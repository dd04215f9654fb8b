//! Editing an account: what others changed meanwhile is not undone, and a group is not made by a slip of the pen.

use axum::http::StatusCode;
use telescope::domain::AccountId;

use super::app::{ADMIN, Answer, TestApp, Visitor};

const SECOND: &str = "second@example.org";
const ADA: &str = "ada@example.org";

async fn admins() -> (TestApp, Visitor, Visitor) {
    let test = TestApp::with(&[("ADMIN_EMAILS", &format!("{ADMIN},{SECOND}"))]).await;
    let (first, second) = (test.signed_in(ADMIN).await, test.signed_in(SECOND).await);
    (test, first, second)
}

/// The fields of a form as a browser would send them.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let mut fields = vec![
        ("version".to_owned(), page.attributes("[name=version]", "value").concat()),
        ("owner".to_owned(), page.attributes("#owner", "value").concat()),
        ("comment".to_owned(), page.texts("#comment").concat()),
        ("group".to_owned(), String::new()),
        ("new_group".to_owned(), page.attributes("#new_group", "value").concat()),
    ];
    fields
        .extend(page.attributes("#groups [checked]", "value").into_iter().map(|id| ("group".to_owned(), id)));
    fields
}

fn set(fields: &mut [(String, String)], name: &str, value: &str) {
    value.clone_into(&mut fields.iter_mut().find(|(field, _)| field == name).unwrap().1);
}

async fn send(visitor: &Visitor, id: AccountId, fields: &[(String, String)]) -> Answer {
    let form: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.post(&format!("/accounts/{id}/edit"), &form).await
}

fn details(test: &TestApp, id: AccountId) -> (Option<String>, String, usize) {
    let account = &test.app.live.accounts.get(id).unwrap().account;
    (account.owner.as_ref().map(ToString::to_string), account.comment.clone(), account.groups.len())
}

/// One opens the form; the other takes the account out of its group and from its owner; the first saves a comment.
#[tokio::test]
async fn a_form_from_before_a_change_gives_no_right_back() {
    let (test, first, second) = admins().await;
    let id = test.account(1, Some(ADA)).await;
    test.group("Sales", &[id]).await;
    let path = format!("/accounts/{id}/edit");
    let ada = test.signed_in(ADA).await;
    assert_eq!(ada.get(&format!("/accounts/{id}")).await.status, StatusCode::OK);
    let mut open = fields(&first.get(&path).await);
    set(&mut open, "comment", "Mine, as typed");
    assert_eq!(second.edit(id, &[("owner", ""), ("groups", "")]).await.status, StatusCode::SEE_OTHER);

    let mut refused = send(&first, id, &open).await;
    for _ in 0..2 {
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        let said = refused.texts(".note.bad").concat();
        assert!(said.contains(&format!("{SECOND} changed the owner and groups")), "{said}");
        assert_eq!(refused.texts("#changed-meanwhile bdi"), ["none", "none", "none"]);
        assert_eq!(refused.texts("#comment"), ["Mine, as typed"]);
        assert_eq!(details(&test, id), (None, String::new(), 0), "nothing was saved");
        // The same form again, as htmx sends it.
        let form: Vec<(&str, &str)> =
            open.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        refused = first.post_fragment(&path, &form).await;
    }
    // What is shown then has the present state where nothing was typed, so saving it gives nothing back either.
    let again = send(&first, id, &fields(&refused)).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    assert_eq!(details(&test, id), (None, "Mine, as typed".into(), 0));
    assert_eq!(ada.get(&format!("/accounts/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_both_have_changed_is_for_the_second_to_decide() {
    let (test, first, second) = admins().await;
    let id = test.account(1, Some(ADA)).await;
    test.group("Sales", &[]).await;
    let path = format!("/accounts/{id}/edit");
    for (name, mine, theirs) in [
        ("owner", "bob@example.org", "carol@example.org"),
        ("comment", "two\r\nlines", "three\r\nmore\r\nlines"),
        ("owner", "", "dan@example.org"),
    ] {
        let mut open = fields(&first.get(&path).await);
        set(&mut open, name, mine);
        assert_eq!(second.edit(id, &[(name, theirs)]).await.status, StatusCode::SEE_OTHER);
        let before = details(&test, id);
        let refused = send(&first, id, &open).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert!(refused.texts(".note.bad").concat().contains(&format!("changed the {name} of")));
        assert_eq!(details(&test, id), before);
        let now = refused.texts("#changed-meanwhile").concat();
        assert!(now.contains(&theirs.split_whitespace().collect::<Vec<_>>().join(" ")), "{now}");
        let mut kept = fields(&refused);
        if name == "comment" {
            set(&mut kept, name, mine);
        }
        assert_eq!(kept.iter().find(|(field, _)| field == name).unwrap().1, mine, "what was typed stays");
        assert_eq!(send(&first, id, &kept).await.status, StatusCode::SEE_OTHER, "and can be saved now");
    }
    // A form that was opened after it, and one that changes nothing, are no conflict.
    let open = fields(&first.get(&path).await);
    assert_eq!(send(&first, id, &open).await.status, StatusCode::SEE_OTHER);
    assert_eq!(send(&first, id, &open).await.status, StatusCode::SEE_OTHER);
}

/// Groups count whichever way the account came in or out.
#[tokio::test]
async fn a_move_on_the_groups_page_makes_the_form_stale_too() {
    let (test, first, second) = admins().await;
    let id = test.account(1, None).await;
    let sales = test.group("Sales", &[]).await;
    let open = fields(&first.get(&format!("/accounts/{id}/edit")).await);
    let put_in = [("account", id.to_string()), ("step", "save".into())];
    let put_in: Vec<(&str, &str)> = put_in.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = second.post(&format!("/groups/{sales}/put-in"), &put_in).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let refused = send(&first, id, &open).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(refused.attributes("#groups [checked]", "value"), [sales.to_string()]);
    assert_eq!(details(&test, id).2, 1);
    // Deleting a group is such a change, too.
    let open = fields(&first.get(&format!("/accounts/{id}/edit")).await);
    second.post(&format!("/groups/{sales}/delete"), &[("step", "save")]).await;
    assert_eq!(send(&first, id, &open).await.status, StatusCode::CONFLICT);
    assert!(test.app.live.accounts.groups().is_empty(), "it is not created again");
}

#[tokio::test]
async fn a_form_that_does_not_say_what_it_was_made_from_overwrites_nothing() {
    let (test, first, _) = admins().await;
    let id = test.account(1, Some(ADA)).await;
    for version in ["", "x", "1-2", "0-0-0", "ffffffffffffffffffff-0-0"] {
        for field in ["owner", "comment", "group", "new_group"] {
            let answer = first
                .post(&format!("/accounts/{id}/edit"), &[("version", version), (field, "x@example.org")])
                .await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{version} {field}: {}", answer.body);
        }
    }
    assert_eq!(details(&test, id), (Some(ADA.into()), String::new(), 0));
    assert!(test.app.live.accounts.groups().is_empty());
}

#[tokio::test]
async fn groups_are_ticked_and_one_at_a_time_is_created_on_purpose() {
    let (test, first, _) = admins().await;
    let id = test.account(1, None).await;
    let (sales, support) = (test.group("Sales", &[id]).await, test.group("Support", &[]).await);
    let path = format!("/accounts/{id}/edit");
    let page = first.get(&path).await;
    assert_eq!(page.texts("#groups label.tick"), ["Sales", "Support"]);
    assert_eq!(page.attributes("#groups [checked]", "value"), [sales.to_string()]);
    assert!(!page.has("#groups details[open]"), "creating one is a step of its own");
    let groups = || test.app.live.accounts.get(id).unwrap().account.groups.clone();

    let version = page.attributes("[name=version]", "value").concat();
    let form = [("version", version.as_str()), ("group", ""), ("group", &support.to_string())];
    assert_eq!(first.post(&path, &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(groups(), [support], "what is not ticked is left");

    // Names are no ids, however many there are, and an id of no group is refused.
    let many: String = (0..4000).map(|number| format!("g{number},")).collect();
    let wrong = telescope::domain::GroupId::generate().to_string();
    for (name, value, status) in [
        ("groups", many.as_str(), StatusCode::SEE_OTHER),
        ("group", &many, StatusCode::SEE_OTHER),
        ("group", &wrong, StatusCode::UNPROCESSABLE_ENTITY),
        ("new_group", &many, StatusCode::UNPROCESSABLE_ENTITY),
        ("new_group", "a, b", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let version = first.get(&path).await.attributes("[name=version]", "value").concat();
        let answer = first.post(&path, &[("version", &version), (name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert_eq!(test.app.live.accounts.groups().len(), 2, "{name}");
    }
    // One that is there by another spelling is the same one.
    assert_eq!(
        first.edit(id, &[("groups", ""), ("new_group", "  sALES ")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!((groups(), test.app.live.accounts.groups().len()), (vec![sales], 2));
    assert_eq!(first.edit(id, &[("new_group", "Night shift")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!((groups().len(), test.app.live.accounts.groups().len()), (2, 3));
}
