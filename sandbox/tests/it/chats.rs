//! The chat with Telegram, and users.

use crate::common::login::number;
use crate::common::requests;
use telescope_sandbox::tl::{enums, functions, types};

use crate::common::client::Client;
use crate::common::login::{ada, error_text, sandbox, signed_in};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

pub async fn history(client: &mut Client, offset_id: i32, limit: i32) -> Vec<String> {
    let enums::messages::Messages::Messages(answer) =
        client.invoke(&requests::history(offset_id, limit)).await.unwrap()
    else {
        panic!("another kind of history")
    };
    let texts = answer.messages.into_iter().map(|message| match message {
        enums::Message::Message(message) => message.message,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

#[tokio::test]
async fn the_chat_with_telegram_has_a_list_pages_and_updates() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    let enums::updates::State::State(state) = client.invoke(&GET_STATE).await.unwrap();
    for text in ["one", "two", "three"] {
        sandbox.push_message(&ada(), text).await.unwrap();
    }
    assert_eq!(history(&mut client, 0, 2).await, ["three", "two"]);
    assert_eq!(history(&mut client, 2, 9).await, ["one"]);
    assert_eq!(history(&mut client, 0, 0).await, [""; 0]);

    let difference = |pts| functions::updates::GetDifference {
        pts,
        pts_limit: None,
        pts_total_limit: None,
        date: 0,
        qts: 0,
        qts_limit: None,
    };
    let missed = client.invoke(&difference(state.pts + 1)).await.unwrap();
    let enums::updates::Difference::Difference(missed) = missed else { panic!("{missed:?}") };
    assert_eq!(missed.new_messages.len(), 2);
    let enums::updates::State::State(now) = missed.state;
    assert_eq!(now.pts, state.pts + 3);
    let none = client.invoke(&difference(now.pts)).await.unwrap();
    assert!(matches!(none, enums::updates::Difference::Empty(_)));
    let future = client.invoke(&difference(now.pts + 1)).await;
    assert_eq!(error_text(future), "400 PERSISTENT_TIMESTAMP_INVALID");

    let dialogs = functions::messages::GetDialogs {
        exclude_pinned: false,
        folder_id: None,
        offset_date: 0,
        offset_id: 0,
        offset_peer: enums::InputPeer::Empty,
        limit: 20,
        hash: 0,
    };
    let enums::messages::Dialogs::Dialogs(list) = client.invoke(&dialogs).await.unwrap() else {
        panic!("a slice")
    };
    assert_eq!((list.dialogs.len(), list.messages.len()), (1, 1));
    let archived = functions::messages::GetDialogs { folder_id: Some(1), ..dialogs };
    let enums::messages::Dialogs::Dialogs(list) = client.invoke(&archived).await.unwrap() else {
        panic!("a slice")
    };
    assert!(list.dialogs.is_empty());
}

#[tokio::test]
async fn users_are_returned_to_clients_with_access() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    let other = number("9996630001");
    sandbox.add_phone(&other).await;
    let (id, hash) =
        sandbox.inspect(|backend| (backend.phones[&other].user_id, backend.phones[&other].access_hash));
    let input = |user_id, access_hash| enums::InputUser::User(types::InputUser { user_id, access_hash });
    let request = functions::users::GetUsers {
        id: vec![
            enums::InputUser::UserSelf,
            input(777_000, 0),
            input(id, hash),
            input(id, 1),
            enums::InputUser::Empty,
        ],
    };
    let users = client.invoke(&request).await.unwrap();
    let phones: Vec<_> = users
        .iter()
        .map(|user| match user {
            enums::User::User(user) => user.phone.as_deref(),
            enums::User::Empty(_) => Some("empty"),
        })
        .collect();
    assert_eq!(phones, [Some("9996621234"), Some("42777"), None, Some("empty"), Some("empty")]);
    let full = functions::users::GetFullUser { id: input(id, 1) };
    assert_eq!(error_text(client.invoke(&full).await), "400 USER_ID_INVALID");
    let full = functions::users::GetFullUser { id: input(id, hash) };
    client.invoke(&full).await.unwrap();
    client.invoke(&functions::contacts::GetContacts { hash: 0 }).await.unwrap();
}
