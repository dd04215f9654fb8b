//! A real provider and a real browser, which goes from one host to the other and back. Telescope runs in this process,
//! since no TDLib is needed, with a real listener.

use std::net::SocketAddr;

use telescope::domain::Email;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::store::{self, StoreError};
use tokio::net::TcpListener;

use super::TestApp;
use crate::support::axe::barriers;
use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::openid::{CLIENT, OpenId, SECRET};
use crate::support::waiting::until_true;

/// Signs out without following the redirect to the provider, so that the page can be checked.
const SIGN_OUT_AND_STAY: &str = "
    const done = arguments[arguments.length - 1];
    fetch('/sign-out', { method: 'POST' }).then((answer) => answer.text()).then((text) => {
        const page = new DOMParser().parseFromString(text, 'text/html');
        document.title = page.title;
        document.body.replaceWith(page.body);
        done(page.title);
    });";

struct Scene {
    test: TestApp,
    provider: OpenId,
    url: String,
    browser: Browser,
}

impl Scene {
    async fn new(scripts: Scripts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = OpenId::start(&url);
        let test = TestApp::with(&[
            ("PUBLIC_URL", &url),
            ("SSO_MODE", "oidc"),
            ("OIDC_ISSUER", &provider.issuer),
            ("OIDC_CLIENT_ID", CLIENT),
            ("OIDC_CLIENT_SECRET", SECRET),
            ("OIDC_GROUPS_CLAIM", "groups"),
        ])
        .await;
        let router = test.router.clone();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { test, provider, url, browser: Browser::open(scripts).await }
    }

    /// Makes a person known, as by an earlier sign-in with a verified address.
    async fn is_known(&self, name: &str) {
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        let now = self.test.app.clock.now();
        let bind = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            let user = store::users::upsert_seen(conn, &email, now).await?;
            store::identities::bind(conn, &self.provider.issuer, name, user.id, now).await
        };
        self.test.app.db.maintain(bind).await.unwrap();
    }

    /// Opens a page, is redirected to the sign-in page, and goes to the provider.
    async fn to_the_provider(&self) {
        self.browser.goto(&format!("{}/jobs", self.url)).await;
        self.browser.click("main a.button").await;
    }

    /// Enters a name at the provider.
    async fn enter_name(&self, name: &str) {
        self.browser.fill("[name='login']", name).await;
        self.browser.fill("[name='password']", "any").await;
        self.browser.click("button.login-submit").await;
    }

    /// Consents at the provider.
    async fn consent(&self) {
        self.browser.find("input[name='prompt'][value='consent'] + button").await;
        self.browser.click("button.login-submit").await;
    }

    async fn until_at(&self, address: &str) {
        let there = async || self.browser.address().await.starts_with(address);
        until_true(&format!("the browser is at {address}"), SOON, there).await;
    }

    /// Signs out of Telescope and the provider.
    async fn sign_out(&self) {
        self.browser.press("Sign out", ".who").await;
        self.until_at(&format!("{}/session/end", self.provider.issuer)).await;
        self.browser.click("button[name='logout'][value='yes']").await;
        self.until_at(&format!("{}/sign-in", self.url)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_through_a_real_provider() {
    live(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_through_a_real_provider_without_javascript() {
    live(Scripts::Off).await;
}

async fn live(scripts: Scripts) {
    let scene = Scene::new(scripts).await;
    let browser = &scene.browser;
    scene.to_the_provider().await;
    scene.until_at(&scene.provider.issuer).await;
    scene.enter_name("ada").await;
    scene.consent().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    assert_eq!(browser.text(".who span").await, "ada@example.org");
    scene.sign_out().await;
    browser.goto(&format!("{}/accounts", scene.url)).await;
    scene.until_at(&format!("{}/sign-in", scene.url)).await;

    // The provider's session has ended, too: it asks for the name.
    scene.to_the_provider().await;
    scene.enter_name("bob").await;
    scene.consent().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    assert_eq!(browser.text(".who span").await, "bob@example.org");
    scene.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_pages_are_accessible() {
    let scene = Scene::new(Scripts::On).await;
    let browser = &scene.browser;
    let mut found = Vec::new();
    browser.goto(&format!("{}/jobs", scene.url)).await;
    browser.find("a[href='/sign-in/start?next=%2Fjobs']").await;
    found.extend(barriers(browser, "oidc sign-in").await);

    browser.click("main a.button").await;
    browser.press("[ Cancel ]", "body").await;
    scene.until_at(&format!("{}/sign-in/callback", scene.url)).await;
    let said = browser.text("main [role='alert']").await;
    assert!(said.contains("didn't allow you to sign in"), "{said}");
    found.extend(barriers(browser, "oidc denied").await);

    // The same callback again, as by reloading the page.
    browser.reload().await;
    let said = browser.text("main [role='alert']").await;
    assert!(said.contains("was already used"), "{said}");

    scene.to_the_provider().await;
    scene.enter_name("mallory").await;
    scene.consent().await;
    scene.until_at(&format!("{}/sign-in/callback", scene.url)).await;
    let said = browser.text("main [role='alert']").await;
    assert!(said.contains("has not verified that mallory@example.org"), "{said}");
    found.extend(barriers(browser, "oidc unverified").await);

    // A known person may sign in, and is told that the address is not verified.
    scene.is_known("mallory").await;
    scene.to_the_provider().await;
    let said = browser.text("main .note").await;
    assert!(said.contains("hasn't verified your e-mail address, mallory@example.org"), "{said}");
    found.extend(barriers(browser, "oidc unproven").await);
    browser.press("Continue", "main").await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;

    // Another person uses the same browser.
    scene.sign_out().await;
    scene.to_the_provider().await;
    scene.enter_name("ada").await;
    scene.consent().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    // From a page without a live stream, which would leave as soon as the session ends.
    browser.goto(&format!("{}/no-such-page", scene.url)).await;
    assert_eq!(browser.ask::<String>(SIGN_OUT_AND_STAY).await, "Signed out · Telescope");
    found.extend(barriers(browser, "oidc signed out").await);
    assert!(found.is_empty(), "{} barriers:\n{}", found.len(), found.join("\n"));

    // Ada's session at the provider goes on, so it asks nothing.
    scene.to_the_provider().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    scene.browser.close().await;
}

/// The provider asks for the password again, although the person has a session there.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_confirms_their_identity_at_a_real_provider() {
    confirming(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_confirms_their_identity_at_a_real_provider_without_javascript() {
    confirming(Scripts::Off).await;
}

async fn confirming(scripts: Scripts) {
    let scene = Scene::new(scripts).await;
    let (test, browser) = (&scene.test, &scene.browser);
    scene.to_the_provider().await;
    scene.enter_name("ada").await;
    scene.consent().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    let account = test.account(1, Some("ada@example.org")).await;
    let group = test.group("Board", &[account]).await;
    let rights = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::ViewTwoFactorPassword]);
    let role = test.role("Desk", &[(group, rights)], SystemPrivileges::NONE).await;
    test.give("ada@example.org", role).await;
    test.app
        .db
        .maintain(async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            store::groups::set_needs_confirmation(conn, group, true).await
        })
        .await
        .unwrap();
    browser.goto(&format!("{}/accounts/{account}/password", scene.url)).await;
    browser.fill("main [name='password']", "Rohrammer 2").await;
    browser.press("Save", "main").await;
    let is_stored = async || {
        let conn = &mut test.app.db.read().await.unwrap();
        store::secrets::two_step_password(conn, account).await.unwrap().is_some()
    };
    until_true("the password is stored", SOON, is_stored).await;
    let page = format!("{}/accounts/{account}/password/reveal", scene.url);

    // Another person signs in at the provider: nothing is confirmed, and Ada stays signed in.
    for (name, confirms) in [("bob", false), ("ada", true)] {
        browser.goto(&page).await;
        browser.press("Confirm identity", "main").await;
        scene.until_at(&scene.provider.issuer).await;
        scene.enter_name(name).await;
        if scripts == Scripts::Off {
            // Before it lets another person in than the one of its session, the provider sends a form with a script.
            browser.click("noscript button").await;
        }
        // The provider forgets what a person consented to when another one signs in.
        scene.consent().await;
        if !confirms {
            scene.until_at(&format!("{}/sign-in/callback", scene.url)).await;
            let said = browser.text("main [role='alert']").await;
            assert!(said.contains("You're signed in as ada@example.org"), "{said}");
            if scripts == Scripts::On {
                let found = barriers(browser, "oidc not confirmed").await;
                assert!(found.is_empty(), "{}", found.join("\n"));
            }
            continue;
        }
        scene.until_at(&page).await;
        assert_eq!(browser.text(".who span").await, "ada@example.org");
        browser.fill("main [name='reason']", "The desk has a new phone").await;
        browser.press("Show password", "main").await;
        assert_eq!(browser.text("output.secret").await, "Rohrammer 2");
    }
    scene.browser.close().await;
}
