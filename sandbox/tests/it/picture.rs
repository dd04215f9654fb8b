//! Profile pictures: the form, and the download by a plain client and by the real TDLib.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use telescope_sandbox::tl::{enums, functions, types};

use crate::common::login::{ada, error_text, number, sandbox, signed_in};
use crate::phones::{get, post, sandbox_with_page, state};
use crate::tdlib_process::TdlibProcess;

const PHOTO: &str = "/phones/9996621234/picture";

fn request(peer: enums::InputPeer, photo_id: i64, offset: i64, limit: i32) -> functions::upload::GetFile {
    let location = types::InputPeerPhotoFileLocation { big: false, peer, photo_id };
    functions::upload::GetFile {
        precise: false,
        cdn_supported: false,
        location: location.into(),
        offset,
        limit,
    }
}

#[tokio::test]
async fn the_form_sets_replaces_and_removes_a_picture() {
    let (_sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, PHOTO, "generate=true").await, 422, "there is no such phone");
    post(address, "/phones", "number=9996621234").await;
    let known = async || state(address).await["phones"][0]["picture"].clone();
    assert_eq!(known().await, Value::Null);
    assert_eq!(post(address, PHOTO, "generate=true").await, 303);
    let first = known().await;
    assert!(first.is_string() && get(address, "/").await.contains("Remove picture"));
    assert_eq!(post(address, PHOTO, "generate=true").await, 303);
    assert_ne!(known().await, first);
    assert_eq!(post(address, PHOTO, "data=not+base64").await, 422);
    assert_eq!(post(address, PHOTO, "").await, 303);
    assert_eq!(known().await, Value::Null);
    assert!(!get(address, "/").await.contains("Remove picture"));
}

#[tokio::test]
async fn a_picture_is_served_in_parts_to_those_who_know_the_user() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    sandbox.set_picture(&ada(), Some(b"0123456789".to_vec())).await;
    let (id, user) = sandbox.inspect(|backend| {
        let phone = &backend.phones[&ada()];
        (phone.picture.as_ref().unwrap().id, (phone.user_id, phone.access_hash))
    });
    for (offset, limit, bytes) in [(0, 4, "0123"), (4, 100, "456789"), (10, 4, ""), (99, 4, "")] {
        let enums::upload::File::File(file) =
            client.invoke(&request(enums::InputPeer::PeerSelf, id, offset, limit)).await.unwrap()
        else {
            panic!("a redirect");
        };
        assert_eq!(file.bytes, bytes.as_bytes());
    }
    for (id, offset, limit, error) in [
        (id + 1, 0, 4, "400 LOCATION_INVALID"),
        (id, -1, 4, "400 OFFSET_INVALID"),
        (id, 0, 0, "400 LIMIT_INVALID"),
        (id, 0, 2 * 1024 * 1024, "400 LIMIT_INVALID"),
    ] {
        let refused = client.invoke(&request(enums::InputPeer::PeerSelf, id, offset, limit)).await;
        assert_eq!(error_text(refused), error);
    }
    let mut other = signed_in(&sandbox, &number("9996621235")).await;
    let peer = |access_hash| enums::InputPeer::User(types::InputPeerUser { user_id: user.0, access_hash });
    assert!(other.invoke(&request(peer(user.1), id, 0, 4)).await.is_ok());
    let refused = other.invoke(&request(peer(user.1 ^ 1), id, 0, 4)).await;
    assert_eq!(error_text(refused), "400 PEER_ID_INVALID");
    sandbox.set_picture(&ada(), None).await;
    let gone = client.invoke(&request(enums::InputPeer::PeerSelf, id, 0, 4)).await;
    assert_eq!(error_text(gone), "400 LOCATION_INVALID");
}

#[tokio::test]
async fn tdlib_downloads_a_picture_and_hears_of_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    td.post(PHOTO, &format!("data={}", STANDARD.encode(b"the first").replace('+', "%2B"))).await;
    td.sign_in("9996621234").await;
    let me = td.ask(json!({"@type": "getMe"})).await;
    assert_eq!(downloaded(&mut td, &me).await, b"the first");

    td.wait_until_it_gets_updates().await;
    td.post(PHOTO, &format!("data={}", STANDARD.encode(b"the second").replace('+', "%2B"))).await;
    let own = |value: &Value| value["@type"] == "updateUser" && value["user"]["id"] == me["id"];
    let is_new =
        |value: &Value| own(value) && value["user"]["profile_photo"]["id"] != me["profile_photo"]["id"];
    let update = td.wait_for("a new picture", is_new).await;
    assert_eq!(downloaded(&mut td, &update["user"]).await, b"the second");
    td.post(PHOTO, "").await;
    td.wait_for("no picture", |value| own(value) && value["user"].get("profile_photo").is_none()).await;
    td.close().await;
}

/// What TDLib downloads as the user's small picture.
async fn downloaded(td: &mut TdlibProcess, user: &Value) -> Vec<u8> {
    let file = user["profile_photo"]["small"]["id"].clone();
    assert!(file.is_number(), "{user}");
    let download = json!({"@type": "downloadFile", "file_id": file, "priority": 1, "offset": 0, "limit": 0,
        "synchronous": true});
    let done = td.ask(download).await;
    assert_eq!(done["local"]["is_downloading_completed"], true, "{done}");
    let part = json!({"@type": "readFilePart", "file_id": file, "offset": 0, "count": 0});
    STANDARD.decode(td.ask(part).await["data"].as_str().unwrap()).unwrap()
}
