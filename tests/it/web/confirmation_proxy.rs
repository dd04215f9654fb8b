//! Identity confirmation behind a proxy: a sign-in there counts, for the requests that carry its assertion.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use telescope::domain::AccountId;

use super::app::{ADMIN, Answer, filled};
use super::behind::{Behind, Browser};

const PASSWORD: &str = "Gartenrotschwanz 4";
const WHY: &str = "The desk has a new phone";

struct Scene {
    behind: Behind,
    account: AccountId,
    root: Browser,
}

impl Scene {
    async fn new() -> Self {
        let behind = Behind::new().await;
        let account = behind.test.account(1, None).await;
        let group = behind.test.group("Board", &[account]).await;
        let root = behind.at_home(ADMIN).await;
        let scene = Self { behind, account, root };
        let set =
            scene.post(&scene.root, &format!("/groups/{group}/confirmation"), &[("needed", "yes")]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        scene.post(&scene.root, &format!("/accounts/{account}/password"), &[("password", PASSWORD)]).await;
        scene
    }

    async fn post(&self, who: &Browser, path: &str, form: &[(&str, &str)]) -> Answer {
        who.visitor.send(filled(who.request(Method::POST, path), form)).await
    }

    fn page(&self) -> String {
        format!("/accounts/{}/password/reveal", self.account)
    }

    async fn reveals(&self, who: &Browser) -> Answer {
        self.post(who, &self.page(), &[("reason", WHY)]).await
    }

    async fn sees(&self, who: &Browser) -> bool {
        let answer = self.reveals(who).await;
        let shown = answer.texts("output.secret") == [PASSWORD];
        assert!(shown || answer.status == StatusCode::CONFLICT && !answer.body.contains(PASSWORD));
        shown
    }

    /// The same session with an assertion in which these claims differ; times are in seconds before now.
    fn with(&self, changed: &[(&str, Value)]) -> Browser {
        let now = self.behind.test.app.clock.now().0 / 1000;
        let mut claims = self.behind.claims(ADMIN, json!({ "nbf": now - 7200, "exp": now + 600 }));
        for (name, value) in changed {
            claims[*name] = value.as_i64().map_or_else(|| value.clone(), |ago| json!(now - ago));
        }
        Browser { token: self.behind.key.sign(&claims), ..self.root.clone() }
    }
}

#[tokio::test]
async fn a_fresh_assertion_is_a_confirmation_and_an_old_one_is_not() {
    let scene = Scene::new().await;
    for (claims, confirms) in [
        (vec![("iat", json!(0))], true),
        (vec![("iat", json!(299))], true),
        (vec![("iat", json!(300))], false),
        (vec![("iat", json!(3600))], false),
        // A clock that is ahead.
        (vec![("iat", json!(-50))], true),
        // When the person signed in counts more than when the proxy wrote the assertion.
        (vec![("iat", json!(0)), ("auth_time", json!(299))], true),
        (vec![("iat", json!(0)), ("auth_time", json!(301))], false),
        (vec![("iat", json!(400)), ("auth_time", json!(10))], true),
        (vec![("iat", json!(0)), ("auth_time", json!(null))], false),
        (vec![("iat", json!(0)), ("auth_time", json!("9999999999"))], false),
        (vec![("iat", json!(0)), ("auth_time", json!(true))], false),
    ] {
        let browser = scene.with(&claims);
        assert_eq!(scene.sees(&browser).await, confirms, "{claims:?}");
        assert_eq!(browser.get("/accounts").await.status, StatusCode::OK, "{claims:?}");
    }
    // It was issued before now, when the time of its issue is missing.
    let now = scene.behind.test.app.clock.now().0 / 1000;
    let mut claims = scene.behind.claims(ADMIN, json!({}));
    claims.as_object_mut().unwrap().remove("iat");
    claims["nbf"] = json!(now);
    let browser = Browser { token: scene.behind.key.sign(&claims), ..scene.root.clone() };
    assert!(!scene.sees(&browser).await);
}

#[tokio::test]
async fn an_old_assertion_leads_to_the_proxys_sign_out() {
    let scene = Scene::new().await;
    let old = scene.with(&[("iat", json!(301))]);
    let refused = scene.reveals(&old).await;
    let way = refused.attributes(".confirm a.button", "href").remove(0);
    assert!(way.starts_with("/confirm-identity?next=%2Faccounts"), "{way}");
    let page = old.get(&way).await;
    assert_eq!(page.attributes("main a.button.primary", "href"), ["/cdn-cgi/access/logout"]);
    assert!(page.texts("main").join(" ").contains("sign in again"), "{}", page.body);
    assert!(!page.has("main form"), "{}", page.body);
    let claimed = scene.post(&old, "/confirm-identity", &[("email", ADMIN)]).await;
    assert_eq!(claimed.status, StatusCode::FORBIDDEN);
    assert_eq!(old.get("/confirm-identity/start").await.status, StatusCode::NOT_FOUND);
    assert!(!scene.sees(&old).await);
    // After that, the same page says that all is well, and leads back.
    let fresh = scene.with(&[("iat", json!(5))]);
    let page = fresh.get(&way).await;
    assert!(page.texts("main [role=status]").join(" ").contains("is confirmed"), "{}", page.body);
    assert!(page.attributes("main a.button.primary", "href")[0].starts_with(&scene.page()));
    assert!(scene.sees(&fresh).await);
}

/// One browser has signed in at the proxy again. Another one that shares its session, as after a theft, has not.
#[tokio::test]
async fn a_confirmation_counts_for_the_requests_with_its_assertion() {
    let scene = Scene::new().await;
    let (old, fresh) = (scene.with(&[("iat", json!(301))]), scene.with(&[("iat", json!(0))]));
    for _ in 0..3 {
        assert!(scene.sees(&fresh).await);
        assert!(!scene.sees(&old).await);
    }
    let (one, other) = tokio::join!(scene.reveals(&fresh), scene.reveals(&old));
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::CONFLICT));
    // The same assertion in another session of the person, which the proxy vouches for as well.
    let elsewhere = Browser { visitor: scene.behind.test.anonymous(), ..fresh.clone() };
    assert!(scene.sees(&elsewhere).await);
    let without = fresh.visitor.request(Method::GET, &scene.page()).body(Body::empty()).unwrap();
    assert_eq!(fresh.visitor.send(without).await.status, StatusCode::UNAUTHORIZED);
    scene.behind.test.app.clock.advance(300);
    assert!(!scene.sees(&fresh).await, "five minutes have passed");
}
