//! Checks every page with axe: no accessibility violations in light and dark, on a wide screen and a phone.

use thirtyfour::Key;

use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, provide, ready_account, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

const PASSWORD: &str = "correct horse battery";

/// A walk through the pages that collects the violations.
struct Walk {
    stack: Stack,
    browser: Browser,
    found: Vec<String>,
}

impl Walk {
    async fn begin() -> Self {
        Self { stack: Stack::start().await, browser: Browser::open(Scripts::On).await, found: Vec::new() }
    }

    async fn look(&mut self, page: &str) {
        self.found.extend(barriers(&self.browser, page).await);
    }

    async fn look_at(&mut self, path: &str, page: &str) {
        self.browser.goto(&self.stack.url(path)).await;
        self.look(page).await;
    }

    async fn end(self) {
        assert!(self.found.is_empty(), "{} barriers:\n{}", self.found.len(), self.found.join("\n"));
        self.browser.close().await;
    }
}

/// Signs the number in on many devices, one of which Telegram asks about.
async fn phones_of(walk: &Walk, number: &str) {
    let phones = walk.stack.phones();
    phones.add_device(number, &[("device", "Pixel 9"), ("api_id", "4"), ("count", "12")]).await;
    phones.add_device(number, &[("device", "Stranger"), ("unconfirmed", "true")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_many_accounts() {
    let mut walk = Walk::begin().await;
    walk.look_at("/sign-in", "sign-in").await;
    walk.browser.run("document.forms[0].noValidate = true").await;
    walk.browser.fill("[name='email']", "nobody").await;
    walk.browser.press("Sign in", "main").await;
    walk.browser.find("#email-error").await;
    walk.look("sign-in refused").await;
    sign_in(&walk.browser, &walk.stack).await;
    walk.look("accounts empty").await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    let form = [("phone", "+99966 2 1234"), ("owner", "ada@example.org"), ("comment", "Sales, north")];
    visitor.does("/accounts/add", &form).await;
    let ready = ready_account(&walk.stack, &visitor, None).await;
    edit(&visitor, &ready.id, &[("groups", "Sales"), ("comment", "")]).await;
    walk.look_at("/accounts", "accounts").await;
    walk.look_at("/accounts?sort=phone&stage=ready", "accounts sorted").await;
    walk.look_at("/accounts?q=nothing+like+it", "accounts none").await;

    phones_of(&walk, &ready.phone).await;
    visitor.does(&format!("/accounts/{}/devices/refresh", ready.id), &[]).await;
    walk.look_at(&format!("/accounts/{}", ready.id), "account with devices").await;
    walk.look_at("/devices", "devices").await;
    walk.look_at("/devices?kind=unofficial&q=nothing", "devices none").await;
    for part in ["end?device=1", "end-others", "idle"] {
        walk.look_at(&format!("/accounts/{}/devices/{part}", ready.id), part).await;
    }

    walk.look_at(&format!("/accounts/{}/two-step", ready.id), "two-step password").await;
    walk.look_at("/accounts/add", "add").await;
    walk.browser.goto(&walk.stack.url("/accounts")).await;
    walk.browser.click("a.primary[href='/accounts/add']").await;
    walk.browser.fill("#dialog [name='phone']", "12").await;
    walk.browser.press("Add account", "#dialog").await;
    walk.browser.find("#phone-error").await;
    walk.look("add refused in the dialog").await;

    walk.look_at("/audit", "audit").await;
    walk.browser.run("document.querySelector('.kinds').open = true").await;
    walk.look("audit kinds").await;
    walk.look_at("/audit?from=soon&account=x", "audit refused").await;
    walk.look_at("/audit?actor=nobody", "audit none").await;
    Visitor::sign_in(&walk.stack, "ada@example.org").await;
    walk.look_at("/users", "people").await;
    walk.look_at("/users?q=nobody", "people none").await;
    walk.look_at("/accounts/nothing", "not found").await;
    // A form from an opaque origin counts as another site and is refused.
    let target = walk.stack.url("/accounts/add-test");
    walk.browser
        .goto(&format!("data:text/html,<form method=post action={target}><button>Go</button></form>"))
        .await;
    walk.browser.press("Go", "body").await;
    let said = walk.browser.text("main").await;
    assert!(said.contains("another site"), "{said}");
    walk.look("forbidden").await;
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_account() {
    let mut walk = Walk::begin().await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    let phones = walk.stack.phones();
    sign_in(&walk.browser, &walk.stack).await;
    visitor.does("/accounts/add-test", &[]).await;
    let account = visitor.rows().await.remove(0);
    let page = format!("/accounts/{}", account.id);
    let part = |part: &str| format!("{page}/{part}");

    visitor.until_stage(&account.id, "signed-out", STEP).await;
    walk.look_at(&page, "account signed-out").await;
    walk.look_at(&part("provide"), "provide").await;
    walk.browser.goto(&walk.stack.url(&page)).await;
    walk.browser.press("Send login code", "main").await;
    walk.browser.find("[name='code']").await;
    phones.set_password(&account.phone, PASSWORD).await;
    let code = phones.code(&account.phone).await;
    walk.browser.fill("[name='code']", if code == "00000" { "11111" } else { "00000" }).await;
    walk.browser.press("Continue", "main").await;
    walk.browser.find("#code-error").await;
    walk.look("account wrong code").await;
    walk.browser.fill("[name='code']", &code).await;
    walk.browser.press("Continue", "main").await;
    walk.browser.find("[name='password']").await;
    walk.look("account wait-password").await;

    walk.browser.goto(&walk.stack.url("/accounts")).await;
    walk.browser.click(&format!("{} .actions a", row(&account.phone))).await;
    walk.browser.find("#dialog [name='password']").await;
    walk.look("provide in the dialog").await;
    provide(&walk.browser, "password", PASSWORD).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    walk.look_at(&page, "account ready").await;

    walk.look_at(&part("edit"), "edit").await;
    walk.look_at(&part("password"), "password").await;
    visitor.does(&part("password"), &[("password", PASSWORD)]).await;
    walk.look_at(&part("password/reveal"), "reveal password").await;
    walk.browser.press("Show password", "main").await;
    walk.browser.find("#reason-error").await;
    walk.look("reveal password refused").await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Show password", "main").await;
    walk.browser.find(".secret").await;
    walk.look("password shown").await;
    walk.look_at(&part("code"), "code").await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Show login code", "main").await;
    walk.browser.find(".secret, [role='alert']").await;
    walk.look("code shown").await;
    walk.browser.goto(&walk.stack.url(&part("code"))).await;
    walk.browser.fill("[name='reason']", "Signing in to the desktop app").await;
    walk.browser.press("Wait for the next code", "main").await;
    walk.browser.find("#awaited").await;
    walk.look("code awaited").await;

    walk.look_at(&part("log-out"), "log out").await;
    walk.look_at(&part("remove"), "remove").await;
    walk.browser.fill("[name='digits']", "12").await;
    walk.browser.press("Remove account", "main").await;
    walk.browser.find("#digits-error").await;
    walk.look("remove refused").await;
    walk.look_at("/jobs", "no jobs").await;

    visitor.does(&part("disconnect"), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    walk.look_at(&page, "account disconnected").await;
    let digits = &account.phone[account.phone.len() - 4..];
    visitor.does(&part("remove"), &[("digits", digits)]).await;
    walk.look_at("/jobs", "jobs").await;
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_access() {
    let mut walk = Walk::begin().await;
    sign_in(&walk.browser, &walk.stack).await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    for (path, page) in [("/access", "access none"), ("/roles", "roles none"), ("/groups", "groups none")] {
        walk.look_at(path, page).await;
    }
    let made = async |path: &str, name: &str| {
        let place = visitor.does(path, &[("name", name)]).await;
        place.strip_suffix("?done=made").unwrap().to_owned()
    };
    let saved = [("step", "save")];
    let mut groups = Vec::new();
    for name in ["Sales", "Front desk", "Press", "Board", "Donaudampfschifffahrtsgesellschaft", "Vans"] {
        groups.push(made("/groups", name).await);
    }
    let mut roles = Vec::new();
    for name in ["Support", "Auditors", "Night shift", "Team leads", "Interns", "Owners of everything"] {
        roles.push(made("/roles", name).await);
    }
    let id = |place: &str| place.rsplit('/').next().unwrap().to_owned();
    let names = ["view", "login", "edit_two_factor_password", "manage_connection_state", "remove_account"];
    for (row, group) in groups.iter().enumerate() {
        for (column, role) in roles.iter().enumerate().filter(|(column, _)| (row + column) % 3 != 0) {
            let few = names.iter().take(1 + (row * column) % 5).map(|name| ("privilege", *name));
            let form: Vec<_> = few.chain(saved).collect();
            visitor.does(&format!("/access/{}/{}", id(group), id(role)), &form).await;
        }
    }
    let people = "ada@example.org, bob@example.org, a.person.with.quite.a.long.name@subsidiary.example.org";
    visitor.does(&format!("{}/give", roles[0]), &[("people", people), saved[0]]).await;
    visitor.does(&format!("{}/give", roles[4]), &[("people", "ada@example.org"), saved[0]]).await;
    visitor.does("/accounts/add-test", &[]).await;
    let number = visitor.rows().await.remove(0).phone;
    visitor.does(&format!("{}/put-in", groups[0]), &[("numbers", &number), saved[0]]).await;
    visitor.does("/accounts/add-test", &[]).await;

    let cell = format!("/access/{}/{}", id(&groups[1]), id(&roles[0]));
    walk.look_at("/access", "access").await;
    walk.look_at("/access?role=s&done=saved", "access some").await;
    walk.look_at(&cell, "cell").await;
    walk.browser.run("document.querySelectorAll('[name=privilege]').forEach((it) => { it.checked = it.value === 'login' })").await;
    walk.browser.press("Review changes", "main").await;
    walk.browser.find("#privilege-error").await;
    walk.look("cell refused").await;
    walk.browser.run("document.querySelectorAll('[name=privilege]').forEach((it) => { it.checked = it.value !== 'login' })").await;
    walk.browser.press("Review changes", "main").await;
    walk.browser.find(".review").await;
    walk.look("review").await;
    walk.look_at("/roles", "roles").await;
    walk.look_at(&roles[0], "role").await;
    walk.browser.fill("#people", "nobody").await;
    walk.browser.press("Review changes", "form[action$='/give']").await;
    walk.browser.find("#people-error").await;
    walk.look("role refused").await;
    walk.browser.fill("#people", "admin@example.org, eve@example.org").await;
    walk.browser.press("Review changes", "form[action$='/give']").await;
    walk.browser.find(".refusals").await;
    walk.look("review refused").await;
    walk.browser.press("Save", ".review").await;
    walk.browser.find(".review [role=alert]").await;
    walk.look("review done in part").await;
    walk.look_at("/groups", "groups").await;
    walk.look_at(&format!("{}?q=9996", groups[0]), "group").await;
    walk.look_at("/users", "people with roles").await;
    walk.browser.press("ada@example.org", "tbody").await;
    walk.browser.find("#roles-title").await;
    walk.look("person").await;
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_proxies() {
    let mut walk = Walk::begin().await;
    sign_in(&walk.browser, &walk.stack).await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    walk.look_at("/proxies", "no proxies").await;
    walk.look_at("/proxies/add", "proxy new").await;
    walk.browser.fill("#name", "Berlin").await;
    walk.browser.fill("#host", "127.0.0.1").await;
    walk.browser.fill("#port", "70000").await;
    walk.browser.press("Save", "main").await;
    walk.browser.find("#port-error").await;
    walk.look("proxy refused").await;
    walk.browser.fill("#port", "1").await;
    walk.browser.press("Save", "main").await;
    walk.browser.find("button[value=anyway]").await;
    walk.look("proxy dead").await;
    walk.browser.click("button[value=anyway]").await;
    let link = "#proxies tbody a";
    walk.browser.find(link).await;
    let proxy: String = walk.browser.value(&format!("document.querySelector('{link}').pathname")).await;
    walk.browser.click("#proxies tbody button").await;
    walk.browser.find("[role=alert]").await;
    walk.look("proxies").await;
    let group = visitor.does("/groups", &[("name", "Sales")]).await;
    let group = group.strip_suffix("?done=made").unwrap();
    visitor.does("/accounts/add-test", &[]).await;
    let account = visitor.rows().await.remove(0).id;
    walk.look_at(&format!("{proxy}/remove"), "proxy removal").await;
    let id = proxy.rsplit('/').next().unwrap();
    visitor.does(&format!("/accounts/{account}/proxy"), &[("proxy", id)]).await;
    visitor.does(&format!("{group}/proxy"), &[("proxy", id)]).await;
    for (path, page) in [
        (proxy.clone(), "proxy"),
        (format!("{proxy}/remove"), "proxy in use"),
        (format!("{group}/proxy"), "proxy of group"),
        (format!("/accounts/{account}/proxy"), "proxy of account"),
        (format!("/accounts/{account}"), "account with proxy"),
    ] {
        walk.look_at(&path, page).await;
    }
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matrix_cell_is_changed_by_keyboard() {
    let walk = Walk::begin().await;
    sign_in(&walk.browser, &walk.stack).await;
    let visitor = Visitor::sign_in(&walk.stack, ADMIN).await;
    for (path, names) in [("/groups", ["Sales", "Vans"]), ("/roles", ["Support", "Desk"])] {
        for name in names {
            visitor.does(path, &[("name", name)]).await;
        }
    }
    let browser = &walk.browser;
    browser.goto(&walk.stack.url("/access")).await;
    // From the field above the table: its button, the table itself, two headers, then the first row.
    browser.find("#role").await.focus().await.unwrap();
    let mut places = Vec::new();
    while !browser.is_true("document.activeElement.matches('tr:nth-child(2) td a')").await {
        browser.find(":focus").await.send_keys(Key::Tab).await.unwrap();
        let place: String = browser.value("document.activeElement.textContent.trim().slice(0, 40)").await;
        places.push(place);
        assert!(places.len() < 20, "{places:?}");
        // The focused element is always visible: nothing covers it.
        assert!(
            browser
                .is_true(
                    "(() => {
                        const at = document.activeElement, box = at.getBoundingClientRect();
                        const top = document.elementFromPoint(box.x + 4, box.y + box.height / 2);
                        return at.contains(top);
                    })()"
                )
                .await,
            "{places:?}"
        );
    }
    assert!(places.iter().any(|place| place.starts_with("Desk in Sales")), "{places:?}");
    browser.find(":focus").await.send_keys(Key::Enter).await.unwrap();
    browser.find("#may-view").await.focus().await.unwrap();
    browser.find(":focus").await.send_keys(" ").await.unwrap();
    browser.find(":focus").await.send_keys(Key::Enter).await.unwrap();
    browser.find(".review").await;
    browser.find(".review .primary").await.focus().await.unwrap();
    browser.find(":focus").await.send_keys(Key::Enter).await.unwrap();
    browser.find(".done").await;
    browser.goto(&walk.stack.url("/access")).await;
    let cell = browser.text("tr:nth-child(2) td .priv").await;
    assert_eq!(cell, "View");
    walk.end().await;
}
