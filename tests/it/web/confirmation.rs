//! Identity confirmation: where a group requires it, secrets are shown only in a web session whose person has signed in
//! again within five minutes.

use axum::body::BodyDataStream;
use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, GroupId};
use telescope::ops::audit::queue;
use telescope::store::audit::Filter;
use telescope::store::{self, Conn, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::guarded::{Guarded, PASSWORD};
use super::live::next;
use crate::support::waiting::DEADLINE;

const SECOND: &str = "second@example.org";
const WHY: &str = "The desk has a new phone";
const STEP: &str = ".confirm a.button";

/// An account with a stored password, in a group that requires identity confirmation.
struct Scene {
    test: TestApp,
    account: AccountId,
    group: GroupId,
    root: Visitor,
}

impl Scene {
    async fn new() -> Self {
        let Guarded { test, account, group, root } =
            Guarded::new(&format!("{ADMIN},{SECOND}"), None, "confirmation").await;
        Self { test, account, group, root }
    }

    async fn sets(&self, who: &Visitor, needed: &str) -> Answer {
        who.post(&format!("/groups/{}/confirmation", self.group), &[("needed", needed)]).await
    }

    fn password(&self) -> String {
        format!("/accounts/{}/password/reveal", self.account)
    }

    /// The ways of seeing a secret that need no approval.
    fn reveals(&self) -> [String; 3] {
        let code = format!("/accounts/{}/code", self.account);
        [self.password(), format!("{code}/wait"), code]
    }

    /// What the audit log says of confirmations and shown secrets, the oldest first.
    async fn entries(&self) -> Vec<(String, String)> {
        queue::flush(&self.test.app).await.unwrap();
        let conn = &mut self.test.app.db.read().await.unwrap();
        let mut entries = store::audit::page(conn, &Filter::default(), 100).await.unwrap();
        entries.reverse();
        let is_about = |code: &str| code.contains("confirmation") || code.contains("shown");
        let entries = entries.into_iter().filter(|entry| is_about(&entry.code));
        entries.map(|entry| (entry.code, entry.actor)).collect()
    }
}

async fn confirms(who: &Visitor, email: &str, next: &str) -> Answer {
    who.post("/confirm-identity", &[("email", email), ("next", next)]).await
}

/// The answer refuses and offers the step instead of a form.
fn is_refused(answer: &Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let said = answer.texts("[role=alert]").join(" ");
    assert!(said.contains(words), "{said}");
    assert!(answer.has(STEP) && !answer.body.contains(PASSWORD), "{}", answer.body);
}

const UNCONFIRMED: &str = "Your identity isn't confirmed";

#[tokio::test]
async fn a_secret_is_shown_within_five_minutes_of_a_confirmation() {
    let scene = Scene::new().await;
    let page = scene.password();
    let form = scene.root.get(&page).await;
    assert_eq!(form.texts(STEP), ["Confirm identity"]);
    assert!(!form.has("main form [name=reason]"), "{}", form.body);
    let way = form.attributes(STEP, "href").remove(0);
    assert_eq!(way, format!("/confirm-identity?next={}", page.replace('/', "%2F")));
    for reveal in scene.reveals() {
        is_refused(&scene.root.post(&reveal, &[("reason", WHY)]).await, UNCONFIRMED);
        let dialog = scene.root.post_fragment(&reveal, &[("reason", WHY)]).await;
        is_refused(&dialog, UNCONFIRMED);
        assert!(!dialog.body.contains("<html"), "a dialog: {}", dialog.body);
    }

    // The reason that was typed is there again, and does not get lost on the way.
    let refused = scene.root.post(&page, &[("reason", "A & b = ½")]).await;
    let way = refused.attributes(STEP, "href").remove(0);
    let asks = scene.root.get(&way).await;
    assert!(asks.texts("main").join(" ").contains(ADMIN), "{}", asks.body);
    let next = asks.attributes("main [name=next]", "value").remove(0);
    let done = confirms(&scene.root, ADMIN, &next).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, next.as_str()));
    let form = scene.root.get(&next).await;
    assert_eq!(form.attributes("#reason", "value"), ["A & b = ½"]);
    assert!(!form.has(STEP), "{}", form.body);
    let long = scene.test.signed_in(SECOND).await.post(&page, &[("reason", &"½".repeat(500))]).await;
    let way = long.attributes(STEP, "href").remove(0);
    assert_eq!(way, format!("/confirm-identity?next={}", page.replace('/', "%2F")), "too long to be kept");

    scene.test.app.clock.advance(299);
    let shown = scene.root.post(&page, &[("reason", WHY)]).await;
    assert_eq!((shown.status, shown.texts("output.secret")), (StatusCode::OK, vec![PASSWORD.to_owned()]));
    for reveal in scene.reveals().iter().filter(|path| path.contains("code")) {
        let answer = scene.root.post(reveal, &[("reason", WHY)]).await;
        assert!(answer.body.contains("account is disconnected") && !answer.has(STEP), "{}", answer.body);
    }
    scene.test.app.clock.advance(1);
    for reveal in scene.reveals() {
        is_refused(&scene.root.post(&reveal, &[("reason", WHY)]).await, UNCONFIRMED);
    }
    let entry = |code: &str| (code.to_owned(), ADMIN.to_owned());
    assert_eq!(
        scene.entries().await,
        [entry("group.confirmation"), entry("web.confirmation"), entry("password.shown")]
    );
}

#[tokio::test]
async fn a_confirmation_is_worth_nothing_in_another_session() {
    let scene = Scene::new().await;
    let page = scene.password();
    let (other, second) = (scene.test.signed_in(ADMIN).await, scene.test.signed_in(SECOND).await);
    confirms(&scene.root, ADMIN, &page).await;
    for who in [&other, &second] {
        is_refused(&who.post(&page, &[("reason", WHY)]).await, UNCONFIRMED);
    }
    // The same browser signs in again, as the same person and as another one.
    for email in [ADMIN, SECOND] {
        let before = scene.test.signed_in(ADMIN).await;
        confirms(&before, ADMIN, &page).await;
        assert_eq!(before.post(&page, &[("reason", WHY)]).await.status, StatusCode::OK);
        let after = before.after(&before.post("/sign-in", &[("email", email)]).await);
        assert_ne!(after.cookie(), before.cookie());
        is_refused(&after.post(&page, &[("reason", WHY)]).await, UNCONFIRMED);
    }
    // It ends with the session.
    let out = scene.root.after(&scene.root.post("/sign-out", &[]).await);
    let again = out.after(&out.post("/sign-in", &[("email", ADMIN)]).await);
    is_refused(&again.post(&page, &[("reason", WHY)]).await, UNCONFIRMED);
    let former = scene.root.post(&page, &[("reason", WHY)]).await;
    assert!(former.status != StatusCode::OK && !former.body.contains(PASSWORD));
}

#[tokio::test]
async fn signing_in_is_no_confirmation_and_another_address_is_refused() {
    let scene = Scene::new().await;
    let page = scene.password();
    is_refused(&scene.root.post(&page, &[("reason", WHY)]).await, UNCONFIRMED);
    let refused = confirms(&scene.root, SECOND, &page).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let said = refused.texts("main [role=alert]").join(" ");
    assert!(said.contains("Another person signed in") && said.contains(ADMIN), "{said}");
    assert_eq!(refused.attributes("main [name=next]", "value"), [page.as_str()]);
    assert_eq!(scene.root.get("/accounts").await.texts(".who span"), [ADMIN], "no one else is signed in");
    for wrong in ["", "nobody", "a@b@c"] {
        let answer = confirms(&scene.root, wrong, &page).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(answer.has("main [role=alert]"));
    }
    is_refused(&scene.root.post(&page, &[("reason", WHY)]).await, UNCONFIRMED);
    let entries = scene.entries().await;
    assert_eq!(entries.last().unwrap(), &("web.confirmation.refused".to_owned(), ADMIN.to_owned()));
    // It leads to Telescope's own pages only.
    for elsewhere in ["https://example.com/", "//example.com", "/\\example.com"] {
        assert_eq!(confirms(&scene.root, ADMIN, elsewhere).await.header("location"), "/", "{elsewhere}");
    }
    assert_eq!(scene.test.anonymous().get("/confirm-identity").await.status, StatusCode::SEE_OTHER);
}

/// Reads a stream until a message has this.
async fn until(stream: &mut BodyDataStream, part: &str) {
    let found = async {
        loop {
            let message = next(stream).await;
            assert!(!message.is_empty(), "the stream stays open");
            if message.contains(part) {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.unwrap_or_else(|_| panic!("{part} comes"));
}

#[tokio::test]
async fn an_approval_does_not_replace_it() {
    let scene = Scene::new().await;
    let page = scene.password();
    scene.root.post(&format!("/groups/{}/approval", scene.group), &[("needed", "yes")]).await;
    scene.root.post(&format!("/groups/{}/emergency", scene.group), &[("allowed", "yes")]).await;
    // Neither the request nor the decision shows a secret.
    let second = scene.test.signed_in(SECOND).await;
    let asked = scene.root.post(&format!("{page}/request"), &[("reason", WHY)]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    assert!(!scene.root.get(&page).await.has(STEP), "not before it can be used");
    let id = scene.test.app.live.approvals.load().recent[0].id;
    let decided = second.post(&format!("/reveals/{id}/approve"), &[("note", "")]).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.body);

    let approved = scene.root.get(&page).await;
    assert!(
        approved.has(&format!("#approval {STEP}")) && !approved.has("#approval form"),
        "{}",
        approved.body
    );
    let mut stream = scene.root.stream(&format!("{page}/request/events")).await;
    until(&mut stream, "Confirm identity").await;
    is_refused(&scene.root.post(&page, &[]).await, UNCONFIRMED);
    confirms(&scene.root, ADMIN, &page).await;
    // The page in another window goes on with it.
    until(&mut stream, "Show password").await;
    let shown = scene.root.post(&page, &[]).await;
    assert_eq!(shown.texts("output.secret"), [PASSWORD], "the refusals used nothing: {}", shown.body);

    // In an emergency, too.
    scene.test.app.clock.advance(300);
    let code = format!("/accounts/{}/code", scene.account);
    let form = scene.root.get(&code).await;
    assert!(form.has(&format!("#emergency {STEP}")) && !form.has("#emergency form"), "{}", form.body);
    for emergency in [format!("{code}/emergency"), format!("{code}/emergency/wait")] {
        is_refused(&scene.root.post(&emergency, &[("reason", WHY)]).await, UNCONFIRMED);
    }
    confirms(&scene.root, ADMIN, &code).await;
    let answer = scene.root.post(&format!("{code}/emergency"), &[("reason", WHY)]).await;
    assert!(answer.body.contains("account is disconnected"), "{}", answer.body);
}

#[tokio::test]
async fn any_group_of_the_account_requires_it_and_leaving_takes_an_administrator() {
    let scene = Scene::new().await;
    let other = scene.test.group("Sales", &[scene.account]).await;
    is_refused(&scene.root.post(&scene.password(), &[("reason", WHY)]).await, UNCONFIRMED);
    let account = scene.root.get(&format!("/accounts/{}", scene.account)).await;
    assert!(
        account.texts("#stored").join(" ").contains("Identity confirmation Required"),
        "{}",
        account.body
    );

    let role = scene
        .test
        .role(
            "Managers",
            &[(scene.group, AccountPrivileges::ALL), (other, AccountPrivileges::ALL)],
            SystemPrivileges::of(&[SystemPrivilege::ManageAccess]),
        )
        .await;
    scene.test.give("ada@example.org", role).await;
    let ada = scene.test.signed_in("ada@example.org").await;
    let (group, account) = (scene.group, scene.account.to_string());
    let take_out = [("account", account.as_str()), ("step", "save")];
    for (path, form) in [
        (format!("/groups/{group}/take-out"), &take_out[..]),
        (format!("/groups/{group}/delete"), &take_out[1..]),
    ] {
        let answer = ada.post(&path, form).await;
        assert!(answer.body.contains("Only administrators can do this"), "{path}: {}", answer.body);
    }
    let edited = ada.edit(scene.account, &[("groups", "Sales")]).await;
    assert_eq!(edited.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", edited.body);
    assert!(edited.body.contains("Only administrators"), "{}", edited.body);
    is_refused(&scene.root.post(&scene.password(), &[("reason", WHY)]).await, UNCONFIRMED);
}

#[tokio::test]
async fn administrators_alone_stop_requiring_it() {
    let scene = Scene::new().await;
    let page = format!("/groups/{}", scene.group);
    let role = scene.test.role("Managers", &[], SystemPrivileges::of(&[SystemPrivilege::ManageAccess])).await;
    scene.test.give("ada@example.org", role).await;
    let ada = scene.test.signed_in("ada@example.org").await;
    let bob = scene.test.signed_in("bob@example.org").await;
    assert_eq!(scene.sets(&bob, "no").await.status, StatusCode::FORBIDDEN);
    let form = format!("form[action='{page}/confirmation']");
    assert_eq!(
        ada.get(&page).await.texts(&format!("{form} button")),
        ["Stop requiring identity confirmation…"]
    );
    let asked = ada.get(&format!("{page}/confirmation?needed=no")).await;
    assert!(asked.texts("[role=alert]").join(" ").contains("Only administrators"), "{}", asked.body);
    assert_eq!(scene.sets(&ada, "no").await.status, StatusCode::CONFLICT);
    // Anything but a clear no requires it.
    for unclear in ["", "maybe", "NO"] {
        scene.sets(&scene.root, unclear).await;
        is_refused(&scene.root.post(&scene.password(), &[("reason", WHY)]).await, UNCONFIRMED);
    }
    let asked = scene.root.get(&format!("{page}/confirmation?needed=no")).await;
    let question = asked.texts("h1").join(" ");
    assert_eq!(question, "Stop requiring identity confirmation for the accounts in “Board”?");
    assert!(asked.texts(".effects").join(" ").contains("1 account that you can see"), "{}", asked.body);
    assert_eq!(asked.texts(&format!("{form} button")), ["Stop requiring identity confirmation"]);
    assert_eq!(scene.sets(&scene.root, "no").await.header("location"), format!("{page}?done=saved"));
    let shown = scene.root.post(&scene.password(), &[("reason", WHY)]).await;
    assert_eq!(shown.texts("output.secret"), [PASSWORD]);
    // An access manager may require it.
    let asked = ada.get(&format!("{page}/confirmation?needed=yes")).await;
    assert!(asked.texts("h1").join(" ").starts_with("Require identity confirmation for"), "{}", asked.body);
    assert_eq!(scene.sets(&ada, "yes").await.status, StatusCode::SEE_OTHER);
    is_refused(&scene.root.post(&scene.password(), &[("reason", WHY)]).await, UNCONFIRMED);
    let codes: Vec<_> = scene.entries().await;
    let set = codes.iter().filter(|(code, _)| code == "group.confirmation").map(|(_, actor)| actor.as_str());
    assert_eq!(set.collect::<Vec<_>>(), [ADMIN, "ada@example.org", ADMIN, "ada@example.org"]);
}

/// Without sign-on there is no one to confirm anything, so it can't be required there.
#[tokio::test]
async fn it_can_not_be_required_where_no_one_can_confirm() {
    let test = TestApp::with(&[("SSO_MODE", "disable")]).await;
    let account = test.account(1, None).await;
    let group = test.group("Board", &[account]).await;
    let page = format!("/groups/{group}");
    let anyone = test.anonymous();
    let shown = anyone.get(&page).await;
    assert!(!shown.has(&format!("form[action='{page}/confirmation']")), "{}", shown.body);
    assert!(shown.texts("section .note").join(" ").contains("can't be confirmed with the present SSO_MODE"));
    let asked = anyone.get(&format!("{page}/confirmation?needed=yes")).await;
    assert!(asked.texts("[role=alert]").join(" ").contains("so it can't be required"), "{}", asked.body);
    let set = anyone.post(&format!("{page}/confirmation"), &[("needed", "yes")]).await;
    assert_eq!(set.status, StatusCode::CONFLICT);

    // A group that required it before the mode was changed goes on requiring it, until that is stopped.
    let required = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::groups::set_needs_confirmation(conn, group, true).await
    };
    test.app.db.maintain(required).await.unwrap();
    anyone.post(&format!("/accounts/{account}/password"), &[("password", PASSWORD)]).await;
    let reveal = format!("/accounts/{account}/password/reveal");
    let refused = anyone.post(&reveal, &[("reason", WHY)]).await;
    is_refused(&refused, UNCONFIRMED);
    let way = anyone.get(&refused.attributes(STEP, "href").remove(0)).await;
    assert!(way.texts("main [role=alert]").join(" ").contains("SSO_MODE"), "{}", way.body);
    assert_eq!(confirms(&anyone, ADMIN, &reveal).await.status, StatusCode::FORBIDDEN);
    is_refused(&anyone.post(&reveal, &[("reason", WHY)]).await, UNCONFIRMED);
    let form = format!("form[action='{page}/confirmation'] button");
    assert_eq!(anyone.get(&page).await.texts(&form), ["Stop requiring identity confirmation…"]);
    anyone.post(&format!("{page}/confirmation"), &[("needed", "no")]).await;
    assert_eq!(anyone.post(&reveal, &[("reason", WHY)]).await.texts("output.secret"), [PASSWORD]);
}
