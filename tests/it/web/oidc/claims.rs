//! What the provider says of a person beside who they are: the address in another claim, and the groups.

use axum::http::StatusCode;
use serde_json::{Value, json};
use telescope::domain::RoleId;
use telescope::domain::privilege::SystemPrivileges;
use telescope::store;

use super::{Scene, is_signed_in};

/// Takes claims out of every token.
fn without(names: &'static [&'static str]) -> impl Fn(&mut Value) + Send {
    move |claims| {
        for name in names {
            claims.as_object_mut().unwrap().remove(*name);
        }
    }
}

/// The roles of ada by the provider, after she signed in; and the page that followed, if it was one.
async fn roles(scene: &Scene) -> (Vec<RoleId>, String) {
    let (visitor, answer) = scene.whole_way().await;
    assert!(matches!(answer.status, StatusCode::SEE_OTHER | StatusCode::OK), "{}", answer.body);
    assert!(is_signed_in(&visitor).await);
    let ada = scene.test.user("ada@example.org").await.id;
    (scene.test.app.live.policy.current().roles_of(ada).to_vec(), answer.texts("main p.note").concat())
}

async fn entries(scene: &Scene, code: &str) -> Vec<store::audit::Entry> {
    let filter = store::audit::Filter { code: Some(code.into()), ..store::audit::Filter::default() };
    store::audit::page(&mut scene.test.app.db.read().await.unwrap(), &filter, 100).await.unwrap()
}

#[tokio::test]
async fn an_address_in_another_claim_counts_only_where_the_operator_vouches_for_it() {
    for (settings, is_admitted) in [
        (vec![], false),
        (vec![("OIDC_TRUST_EMAIL", "yes")], false),
        (vec![("OIDC_EMAIL_CLAIM", "preferred_username")], false),
        (vec![("OIDC_EMAIL_CLAIM", "preferred_username"), ("OIDC_TRUST_EMAIL", "yes")], true),
        (vec![("OIDC_EMAIL_CLAIM", "upn"), ("OIDC_TRUST_EMAIL", "yes")], false),
    ] {
        let scene = Scene::with(&settings).await;
        scene.provider.userinfo(json!({ "sub": "ada's number" }));
        scene.provider.bend_token(|claims| {
            claims.as_object_mut().unwrap().remove("email");
            claims["preferred_username"] = json!("Ada@example.org");
        });
        let (visitor, _) = scene.whole_way().await;
        assert_eq!(is_signed_in(&visitor).await, is_admitted, "{settings:?}");
    }
    // Without a guest's address, whatever the settings say.
    let scene = Scene::with(&[("OIDC_TRUST_EMAIL", "yes")]).await;
    scene.provider.bend_token(|claims| claims["xms_edov"] = json!(false));
    assert!(!is_signed_in(&scene.whole_way().await.0).await);
    scene.provider.bend_token(|claims| claims["email_verified"] = json!(false));
    assert!(is_signed_in(&scene.whole_way().await.0).await);
}

#[tokio::test]
async fn none_and_too_many_and_unanswered_are_different_things() {
    let scene = Scene::new().await;
    let support = scene.test.role("support", &[], SystemPrivileges::NONE).await;
    scene.provider.userinfo(json!({ "sub": "ada's number" }));
    assert_eq!(roles(&scene).await, (vec![support], String::new()));

    scene.provider.bend_token(|claims| {
        claims.as_object_mut().unwrap().remove("groups");
        claims["_claim_names"] = json!({"groups": "src1"});
        claims["_claim_sources"] = json!({"src1": {"endpoint": "https://graph.example.org"}});
    });
    let (kept, said) = roles(&scene).await;
    assert_eq!(kept, [support]);
    assert!(said.contains("too many groups"), "{said}");
    assert!(entries(&scene, "person.roles.kept").await[0].details.as_ref().unwrap().contains("too-many"));

    scene.provider.bend_token(without(&["groups"]));
    scene.provider.userinfo_as("application/jwt", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln");
    let (kept, said) = roles(&scene).await;
    assert_eq!(kept, [support]);
    assert!(said.contains("didn't say which groups"), "{said}");
    assert!(entries(&scene, "person.roles.kept").await[0].details.as_ref().unwrap().contains("no-answer"));

    scene.provider.userinfo(json!({ "sub": "ada's number" }));
    let (kept, said) = roles(&scene).await;
    assert_eq!(kept, []);
    assert!(said.contains("listed no groups") && said.contains("support"), "{said}");
    let entry = entries(&scene, "person.roles.provider").await.remove(0);
    assert!(entry.reason.as_deref().is_some_and(|reason| reason.contains("listed no groups")), "{entry:?}");
    assert_eq!(roles(&scene).await, (vec![], String::new()), "it is said once");
}

#[tokio::test]
async fn groups_may_be_paths_and_stand_at_a_path() {
    let scene = Scene::with(&[("OIDC_GROUPS_CLAIM", "realm_access.roles")]).await;
    let sales = scene.test.role("Sales", &[], SystemPrivileges::NONE).await;
    let west = scene.test.role("Sales/West", &[], SystemPrivileges::NONE).await;
    for (groups, expected) in [
        (json!(["/Sales"]), vec![sales]),
        (json!(["sales", "/SALES"]), vec![sales]),
        (json!(["/Sales/West"]), vec![west]),
        (json!(["//Sales", "x/Sales", "/Sales/"]), vec![]),
    ] {
        let said = groups.clone();
        scene.provider.bend_token(move |claims| claims["realm_access"] = json!({ "roles": said }));
        assert_eq!(roles(&scene).await.0, expected, "{groups}");
    }
}

/// What the token had is enough for signing in, whatever becomes of the rest.
#[tokio::test]
async fn a_provider_whose_further_claims_fail_signs_in_with_those_of_the_token() {
    let scene = Scene::new().await;
    for answer in [
        ("text/html", "<h1>Bad gateway</h1>"),
        ("application/jwt", "a.b.c"),
        ("application/json", r#"{"sub":"1","sub":"ada's number"}"#),
    ] {
        scene.provider.bend_token(without(&["groups"]));
        scene.provider.userinfo_as(answer.0, answer.1);
        let (visitor, page) = scene.whole_way().await;
        assert!(is_signed_in(&visitor).await, "{answer:?} {}", page.body);
        // But without an address there is no person.
        scene.provider.bend_token(without(&["email", "groups"]));
        let (visitor, page) = scene.whole_way().await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!is_signed_in(&visitor).await);
    }
}

/// Answers that belong to no browser keep nobody from signing in, behind whatever address they come from.
#[tokio::test]
async fn strangers_do_not_keep_people_from_signing_in() {
    use axum::extract::ConnectInfo;
    let scene = Scene::with(&[("SIGN_INS_PER_MINUTE", "3")]).await;
    let from_proxy = |visitor: &super::super::app::Visitor, path: &str| {
        let mut request =
            visitor.request(axum::http::Method::GET, path).body(axum::body::Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([10, 0, 0, 1], 5000))));
        request
    };
    let nobody = scene.test.anonymous();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses
            .push(nobody.send(from_proxy(&nobody, "/sign-in/callback?code=1&state=2")).await.status.as_u16());
    }
    assert_eq!(statuses, [400, 400, 400, 429, 429]);
    for _ in 0..5 {
        let (visitor, question) = scene.begin(&nobody, "/jobs").await;
        let answer = visitor.send(from_proxy(&visitor, &scene.provider.authorize(&question))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "those that succeed don't count: {}", answer.body);
    }
    for expected in [400, 400, 400, 429] {
        let (visitor, question) = scene.begin(&nobody, "/jobs").await;
        let way = scene.provider.authorize(&question).replace("code=", "code=wrong");
        assert_eq!(
            visitor.send(from_proxy(&visitor, &way)).await.status.as_u16(),
            expected,
            "those that fail do"
        );
    }
}
