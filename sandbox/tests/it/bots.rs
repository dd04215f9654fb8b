//! Bots, as the tests' small client sees them.

use telescope_sandbox::tl::{enums, functions};
use telescope_sandbox::{Account, InvalidBot};

use crate::common::login::{client, error_text, sandbox, send_code};
use crate::phones::{get, post, sandbox_with_page, state};

fn import(token: &str) -> functions::auth::ImportBotAuthorization {
    functions::auth::ImportBotAuthorization {
        flags: 0,
        api_id: 7,
        api_hash: "hash".to_owned(),
        bot_auth_token: token.to_owned(),
    }
}

#[tokio::test]
async fn a_bot_signs_in_with_its_token_only() {
    let sandbox = sandbox().await;
    let bot = sandbox.add_bot("Helper", "helper_bot", Some("42:secret")).await.unwrap();
    let mut client = client(&sandbox).await;
    for wrong in ["", "42", "42:", "42:secret2", "43:secret"] {
        assert_eq!(error_text(client.invoke(&import(wrong)).await), "400 ACCESS_TOKEN_INVALID", "{wrong}");
    }
    let nameless = functions::auth::ImportBotAuthorization { api_id: 0, ..import("42:secret") };
    assert_eq!(error_text(client.invoke(&nameless).await), "400 API_ID_INVALID");
    assert_eq!(error_text(send_code(&mut client, bot.as_str()).await), "400 PHONE_NUMBER_INVALID");
    let scanned = sandbox.scan_login_link(&bot, "tg://login?token=AAAA").await;
    assert_eq!(error_text(scanned), "401 AUTH_KEY_UNREGISTERED", "bots have no camera");
    sandbox.set_account(&bot, Account::Deactivated).await;
    assert_eq!(error_text(client.invoke(&import("42:secret")).await), "400 ACCESS_TOKEN_INVALID");
    sandbox.set_account(&bot, Account::Registered).await;
    let enums::auth::Authorization::Authorization(answer) =
        client.invoke(&import("42:secret")).await.unwrap()
    else {
        panic!("not signed in")
    };
    let enums::User::User(user) = answer.user else { panic!("no user") };
    assert_eq!((user.id, user.bot, user.is_self, user.phone), (42, true, true, None));
    client.invoke(&functions::updates::GetState {}).await.unwrap();
    let taken = sandbox.add_bot("Helper", "helper_bot", Some("42:new")).await;
    assert_eq!(taken, Err(InvalidBot::Taken));
}

#[tokio::test]
async fn the_page_adds_bots_and_shows_their_tokens() {
    let (sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, "/bots", "name=Helper&username=helper_bot").await, 303);
    let bot = state(address).await["phones"][0].clone();
    let token = bot["bot"]["token"].as_str().unwrap().to_owned();
    assert_eq!((&bot["bot"]["username"], &bot["first_name"]), (&"helper_bot".into(), &"Helper".into()));
    let page = get(address, "/").await;
    assert!(page.contains("@helper_bot") && page.contains(&token), "{page}");
    client(&sandbox).await.invoke(&import(&token)).await.unwrap();
    for wrong in ["name=Helper&username=helper", "name=&username=helper_bot", "name=A&username=a_bot&token=x"]
    {
        assert_eq!(post(address, "/bots", wrong).await, 422, "{wrong}");
    }
}
