//! A real provider program and a real browser, which goes from one host to the other and back. Telescope runs in this
//! process, since no TDLib is needed, but answers at a real address.

use std::net::SocketAddr;

use telescope::domain::Email;
use telescope::store::{self, StoreError};
use tokio::net::TcpListener;

use super::TestApp;
use crate::support::axe::barriers;
use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::openid::{CLIENT, OpenId, SECRET};
use crate::support::waiting::until_true;

/// Signs out without leaving the page that then leads on to the provider, so that it can be looked at.
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

    /// Makes the person of a name there one who has been here before, when the address was verified.
    async fn is_known(&self, name: &str) {
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        let now = self.test.app.clock.now();
        let bind = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            let user = store::users::upsert_seen(conn, &email, now).await?;
            store::identities::bind(conn, &self.provider.issuer, name, user.id, now).await
        };
        self.test.app.db.maintain(bind).await.unwrap();
    }

    /// Goes to a page, is sent to the sign-in page, and from there to the provider.
    async fn to_the_provider(&self) {
        self.browser.goto(&format!("{}/jobs", self.url)).await;
        self.browser.click("main a.button").await;
    }

    /// Says who one is, at the provider.
    async fn name_oneself(&self, name: &str) {
        self.browser.fill("[name='login']", name).await;
        self.browser.fill("[name='password']", "any").await;
        self.browser.click("button.login-submit").await;
    }

    /// Lets Telescope know it, at the provider.
    async fn agree(&self) {
        self.browser.find("input[name='prompt'][value='consent'] + button").await;
        self.browser.click("button.login-submit").await;
    }

    async fn until_at(&self, address: &str) {
        let there = async || self.browser.address().await.starts_with(address);
        until_true(&format!("the browser is at {address}"), SOON, there).await;
    }

    /// Signs out, here and there.
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
async fn a_person_signs_in_through_a_real_provider_without_scripts() {
    live(Scripts::Off).await;
}

async fn live(scripts: Scripts) {
    let scene = Scene::new(scripts).await;
    let browser = &scene.browser;
    scene.to_the_provider().await;
    scene.until_at(&scene.provider.issuer).await;
    scene.name_oneself("ada").await;
    scene.agree().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    assert_eq!(browser.text(".who span").await, "ada@example.org");
    scene.sign_out().await;
    browser.goto(&format!("{}/accounts", scene.url)).await;
    scene.until_at(&format!("{}/sign-in", scene.url)).await;

    // The provider has forgotten her too: it asks who comes.
    scene.to_the_provider().await;
    scene.name_oneself("bob").await;
    scene.agree().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    assert_eq!(browser.text(".who span").await, "bob@example.org");
    scene.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_pages_have_no_barriers() {
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

    // The same answer again, as by loading the page again.
    browser.reload().await;
    let said = browser.text("main [role='alert']").await;
    assert!(said.contains("was already used"), "{said}");

    scene.to_the_provider().await;
    scene.name_oneself("mallory").await;
    scene.agree().await;
    scene.until_at(&format!("{}/sign-in/callback", scene.url)).await;
    let said = browser.text("main [role='alert']").await;
    assert!(said.contains("has not verified that mallory@example.org"), "{said}");
    found.extend(barriers(browser, "oidc unverified").await);

    // Whoever is known already may come in, and is told what that lacks.
    scene.is_known("mallory").await;
    scene.to_the_provider().await;
    let said = browser.text("main .note").await;
    assert!(said.contains("hasn't verified your e-mail address, mallory@example.org"), "{said}");
    found.extend(barriers(browser, "oidc unproven").await);
    browser.press("Continue", "main").await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;

    // Another person takes the place at the same browser.
    scene.sign_out().await;
    scene.to_the_provider().await;
    scene.name_oneself("ada").await;
    scene.agree().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    // From a page without a live part, which would lead away as soon as the session is over.
    browser.goto(&format!("{}/no-such-page", scene.url)).await;
    assert_eq!(browser.ask::<String>(SIGN_OUT_AND_STAY).await, "Signed out · Telescope");
    found.extend(barriers(browser, "oidc signed out").await);
    assert!(found.is_empty(), "{} barriers:\n{}", found.len(), found.join("\n"));

    // She is still known at the provider, so nothing is asked there.
    scene.to_the_provider().await;
    scene.until_at(&format!("{}/jobs", scene.url)).await;
    scene.browser.close().await;
}
