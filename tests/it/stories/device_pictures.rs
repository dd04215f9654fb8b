//! The QR code of a new device is sent as a picture: a screenshot of its own page, or a file that is dropped or pasted.

use serde_json::json;

use super::device_login::{WHY, begin, page_of};
use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, place, sign_in};
use crate::support::new_device::NewDevice;
use crate::support::qr::video;
use crate::support::waiting::until_true;

/// The screenshot of the device's own page, at this address, as a file.
async fn screenshot_of(device: &NewDevice, browser: &Browser, name: &str) -> std::path::PathBuf {
    browser.goto(&device.url("/")).await;
    browser.fill("[name='email']", ADMIN).await;
    browser.press("Sign in", "main").await;
    browser.find("form[action='/sign-out']").await;
    browser.goto(&device.url(&device.page())).await;
    browser.find("#qr svg").await;
    browser.picture(name).await;
    crate::support::target().join("screenshots").join(format!("{name}.png"))
}

async fn by_screenshot(scripts: Scripts) {
    let (stack, _, account) = begin(&[], Some("correct horse")).await;
    let device = NewDevice::start(&stack, &account.phone).await;
    let other = Browser::open(Scripts::Off).await;
    let picture = screenshot_of(&device, &other, &format!("device-screenshot-{scripts:?}")).await;
    other.close().await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.press("Log a device in", "main").await;
    let within = place(scripts);
    browser.fill(&format!("{within} [name='reason']"), WHY).await;
    browser.choose(&format!("{within} [name='picture']"), &picture).await;
    if scripts == Scripts::On {
        browser.find("[data-qr-age]").await;
    }
    browser.pictures(&format!("device-picture-{scripts:?}")).await;
    browser.press("Log device in", within).await;
    let shown = browser.text("#logged-in").await;
    assert!(shown.contains("still asks for the account's two-step password"), "{shown}");
    browser.pictures(&format!("device-done-{scripts:?}")).await;
    if scripts == Scripts::Off {
        browser.reload().await;
        assert_eq!(browser.text("#logged-in").await, shown, "loading it again sends nothing again");
    }
    device.until_stage("wait-password").await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_logged_in_by_a_screenshot() {
    by_screenshot(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_logged_in_by_a_screenshot_without_javascript() {
    by_screenshot(Scripts::Off).await;
}

/// A script that gives the form a large drawing that was made so many seconds ago, and returns the size of what is sent.
fn giving(how: &str, seconds: u32) -> String {
    format!(
        "const done = arguments[arguments.length - 1];
         const place = document.querySelector('.qr');
         const canvas = document.createElement('canvas');
         [canvas.width, canvas.height] = [4000, 3000];
         canvas.toBlob((blob) => {{
             const lastModified = Date.now() - {seconds} * 1000;
             const transfer = new DataTransfer();
             transfer.items.add(new File([blob], 'photo.png', {{ type: 'image/png', lastModified }}));
             const field = place.querySelector('[name=picture]');
             field.value = '';
             const options = {{ bubbles: true, cancelable: true }};
             place.dispatchEvent('{how}' === 'drop'
                 ? new DragEvent('drop', {{ dataTransfer: transfer, ...options }})
                 : new ClipboardEvent('paste', {{ clipboardData: transfer, ...options }}));
             const look = async () => {{
                 if (field.files[0]?.type !== 'image/jpeg') return setTimeout(look, 20);
                 const sent = await createImageBitmap(field.files[0]);
                 done([field.files[0].type, `${{sent.width}} x ${{sent.height}}`]);
             }};
             look();
         }});"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_dropped_or_pasted_and_made_smaller_and_its_age_is_shown() {
    let (stack, _, account) = begin(&[], None).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&page_of(&account))).await;
    assert!(browser.text("#picture-hint").await.contains("drop a picture here or paste one"));
    for how in ["drop", "paste"] {
        let sent: (String, String) = browser.ask(&giving(how, 10)).await;
        assert_eq!(sent, ("image/jpeg".to_owned(), "1600 x 1200".to_owned()), "{how}");
        let age = browser.text("[data-qr-age]").await;
        assert!(age.contains("more seconds at most"), "{age}");
        let _: (String, String) = browser.ask(&giving(how, 60)).await;
        until_true("the picture is old", STEP, async || {
            browser.text("[data-qr-age]").await.contains("has probably expired")
        })
        .await;
    }
    browser.pictures("device-old-picture").await;
    browser.fill("[name='reason']", WHY).await;
    browser.press("Log device in", "main").await;
    assert!(browser.text("#qr-error").await.contains("No QR code was found"));

    // A phone offers its camera as well.
    assert!(browser.is_true("!document.querySelector('#photo').checkVisibility()").await);
    browser.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
    browser.resize(390, 844).await;
    browser.find("#photo[capture='environment']").await;
    browser.picture("device-camera").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|line| line.contains("422")), "{complaints:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_logged_in_with_the_camera() {
    let (stack, _, account) = begin(&[], None).await;
    let device = NewDevice::start(&stack, &account.phone).await;
    let browser = Browser::open_with_camera(&video(&device.link().await)).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.press("Log a device in", "main").await;
    browser.fill("#dialog [name='reason']", WHY).await;
    browser.press("Use camera", "#dialog").await;
    until_true("the camera shows a picture", STEP, async || {
        browser.is_true("(document.querySelector('#dialog video')?.currentTime ?? 0) > 0").await
    })
    .await;
    browser.pictures("device-scan").await;
    // Where the browser reads QR codes itself, the link is there already.
    if browser.is_true("!('BarcodeDetector' in window)").await {
        browser.press("Take picture", "#dialog").await;
    }
    until_true("the code is in the form", STEP, async || {
        let has = "document.querySelector('#dialog [name=picture]').files.length === 1
                   || document.querySelector('#dialog [name=link]').value !== ''";
        browser.is_true(has).await
    })
    .await;
    assert!(!browser.has("[data-qr-view]:not([hidden])").await, "the camera is off");
    browser.press("Log device in", "#dialog").await;
    browser.find("#logged-in").await;
    device.until_stage("ready").await;
    assert_eq!(browser.complaints().await, [""; 0]);

    // A camera that is left on ends with the dialog.
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.run(KEEPING_STREAMS).await;
    browser.press("Log a device in", "main").await;
    browser.press("Use camera", "#dialog").await;
    until_true("the camera is on", STEP, async || browser.is_true(&streams("live")).await).await;
    browser.click("#dialog [data-close]").await;
    until_true("the camera is off", STEP, async || browser.is_true(&streams("ended")).await).await;
    browser.close().await;
}

/// A script that keeps the streams of the camera, for [`streams`].
const KEEPING_STREAMS: &str = "window.streamsOfTheTest = [];
     const media = navigator.mediaDevices;
     const original = media.getUserMedia.bind(media);
     media.getUserMedia = async (wanted) => {
         const stream = await original(wanted);
         window.streamsOfTheTest.push(stream);
         return stream;
     };";

/// Whether there are such streams, and all their tracks are in this state.
fn streams(state: &str) -> String {
    format!(
        "window.streamsOfTheTest.length > 0
         && window.streamsOfTheTest.every((it) => it.getTracks().every((track) => track.readyState === '{state}'))"
    )
}
