//! A device on which a person wants to log in to an account: another Telescope with its own data, and with a stock TDLib,
//! in the network of a stack.

use tempfile::TempDir;

use super::login::{ADMIN, STEP, act};
use super::second::Second;
use super::stack::Stack;
use super::visitor::{Row, Visitor};
use super::waiting::until;

/// A device that shows the QR code of a login.
pub struct NewDevice {
    /// Its owner.
    pub visitor: Visitor,
    /// Its account.
    pub account: Row,
    server: Second,
    _folder: TempDir,
}

impl NewDevice {
    /// Starts it with the number of an account of the stack; the login is begun.
    pub async fn start(stack: &Stack, number: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("telescope-device-").tempdir().unwrap();
        let (data, accounts) = (folder.path().join("data"), folder.path().join("accounts"));
        let server = Second::start_with(stack, &[("DATA_DIR", &data), ("ACCOUNTS_DIR", &accounts)]);
        let ready = server.url("/ready");
        until("the new device answers", STEP, async || {
            reqwest::get(&ready).await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
        let visitor = Visitor::sign_in_at(server.url(""), ADMIN).await;
        let number = format!("+{number}");
        visitor.does("/accounts/add", &[("phone", &number), ("owner", ""), ("comment", "")]).await;
        let account = visitor.rows().await.remove(0);
        let account = visitor.until_stage(&account.id, "signed-out", STEP).await;
        let device = Self { visitor, account, server, _folder: folder };
        act(&device.visitor, &device.account, "show-qr").await;
        device.until_stage("wait-other-device").await;
        device
    }

    /// The link in the QR code that it shows.
    pub async fn link(&self) -> String {
        let page = self.page();
        let link = async || {
            let html = self.visitor.get(&page).await.text().await.unwrap();
            let (_, link) = html.split_once("tg://login?token=")?;
            Some(format!("tg://login?token={}", link.split('"').next()?))
        };
        until("the device shows a QR code", STEP, link).await
    }

    /// The next link, once the code with this one has expired.
    pub async fn link_after(&self, link: &str) -> String {
        until("the device shows another QR code", STEP, async || {
            let next = self.link().await;
            (next != link).then_some(next)
        })
        .await
    }

    /// Where it shows the QR code.
    pub fn page(&self) -> String {
        format!("/accounts/{}", self.account.id)
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Waits until its login is in this stage.
    pub async fn until_stage(&self, stage: &str) {
        self.visitor.until_stage(&self.account.id, stage, STEP).await;
    }
}
