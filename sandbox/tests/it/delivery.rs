//! Delivery within a session: once, complete, and again after a lost connection.

use std::time::Duration;

use telescope_sandbox::tl::{Deserializable as _, Serializable as _, enums, functions, types};

use crate::common::client::{Received, message_id};
use crate::common::login::{ada, client, connect, sandbox, signed_in};
use crate::common::packets::PLAIN;

const GET_CONFIG: functions::help::GetConfig = functions::help::GetConfig {};

#[tokio::test]
async fn a_repeated_request_is_executed_once_and_answered_again() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    let first = client.result(id).await.unwrap();
    client.send_as(id, 1, &GET_CONFIG.to_bytes()).await;
    assert_eq!(client.result(id).await.unwrap(), first);
    assert_eq!(sandbox.requests().total("help.getConfig"), 1);
}

#[tokio::test]
async fn the_state_of_messages_can_be_requested() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let old = message_id();
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    client.result(id).await.unwrap();
    let msg_ids = vec![old, id, id + (10 << 32)];
    let asked = client.send_service(&enums::MsgsStateReq::Req(types::MsgsStateReq { msg_ids })).await;
    let enums::MsgsStateInfo::Info(info) = client.wait_as().await;
    assert_eq!((info.req_msg_id, info.info), (asked, vec![1, 4, 3]));
    client.result(id).await.expect("the unacknowledged answer is sent again");
}

#[tokio::test]
async fn sessions_and_answers_can_be_dropped() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    client.result(id).await.unwrap();
    let dropped = client.send(&functions::RpcDropAnswer { req_msg_id: id }.to_bytes()).await;
    let answer = enums::RpcDropAnswer::from_bytes(&client.result(dropped).await.unwrap()).unwrap();
    assert!(matches!(answer, enums::RpcDropAnswer::RpcAnswerDropped(_)));
    let dropped = client.send(&functions::RpcDropAnswer { req_msg_id: id }.to_bytes()).await;
    let answer = enums::RpcDropAnswer::from_bytes(&client.result(dropped).await.unwrap()).unwrap();
    assert!(matches!(answer, enums::RpcDropAnswer::RpcAnswerUnknown));

    client.send_service(&functions::DestroySession { session_id: 5 }).await;
    let none: enums::DestroySessionRes = client.wait_as().await;
    assert!(matches!(none, enums::DestroySessionRes::DestroySessionNone(_)));
    let old = std::mem::replace(&mut client.session, 77);
    client.invoke(&GET_CONFIG).await.unwrap();
    client.send_service(&functions::DestroySession { session_id: old }).await;
    let destroyed: enums::DestroySessionRes = client.wait_as().await;
    assert!(matches!(destroyed, enums::DestroySessionRes::DestroySessionOk(ok) if ok.session_id == old));
}

#[tokio::test]
async fn resending_can_be_requested() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    let head = [&crate::common::client::RPC_RESULT.to_le_bytes()[..], &id.to_le_bytes()].concat();
    let answer = |received: &Received| received.body.starts_with(&head);
    let first = client.wait_for(answer).await;
    let again = enums::MsgResendReq::Req(types::MsgResendReq { msg_ids: vec![first.id, 1] });
    client.send_service(&again).await;
    assert_eq!(client.wait_for(answer).await.id, first.id);
}

fn message_of(received: &Received) -> Option<String> {
    let enums::Updates::Updates(updates) = received.parse()? else { return None };
    match updates.updates.first()? {
        enums::Update::NewMessage(update) => match &update.message {
            enums::Message::Message(message) => Some(message.message.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[tokio::test]
async fn an_unacknowledged_update_is_sent_again() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    client.invoke(&functions::updates::GetState {}).await.unwrap();
    sandbox.push_message(&ada(), "one").await.unwrap();
    sandbox.push_message(&ada(), "two").await.unwrap();
    let texts = |text: &'static str| move |received: &Received| message_of(received).as_deref() == Some(text);
    let one = client.wait_for(texts("one")).await;
    client.wait_for(texts("two")).await;
    client.send_service(&enums::MsgsAck::Ack(types::MsgsAck { msg_ids: vec![one.id] })).await;
    client.send_service(&functions::Ping { ping_id: 1 }).await;
    client.wait_as::<enums::Pong>().await;

    let mut client = client.reconnect(connect(&sandbox, PLAIN).await);
    client.pending.clear();
    sandbox.push_message(&ada(), "three").await.unwrap();
    client.send_service(&functions::Ping { ping_id: 2 }).await;
    client.wait_for(texts("two")).await;
    client.wait_for(texts("three")).await;
    assert!(!client.pending.iter().any(texts("one")), "that one was acknowledged");
}

#[tokio::test]
async fn an_answer_that_was_lost_with_its_connection_is_sent_again() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    sandbox.silence(None, Duration::from_secs(3600));
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    while sandbox.requests().total("help.getConfig") == 0 {
        tokio::task::yield_now().await;
    }
    sandbox.silence(None, Duration::ZERO);
    let mut client = client.reconnect(connect(&sandbox, PLAIN).await);
    client.pending.clear();
    client.send_service(&functions::Ping { ping_id: 1 }).await;
    assert!(enums::Config::from_bytes(&client.result(id).await.unwrap()).is_ok());
    assert_eq!(sandbox.requests().total("help.getConfig"), 1, "it was executed once");

    // Once acknowledged, it is not sent a third time.
    let answers: Vec<_> = client.pending.iter().map(|other| other.id).collect();
    let msg_ids = [answers, vec![client.last_id]].concat();
    client.send_service(&enums::MsgsAck::Ack(types::MsgsAck { msg_ids })).await;
    client.send_service(&functions::Ping { ping_id: 2 }).await;
    client.wait_as::<enums::Pong>().await;
    let mut client = client.reconnect(connect(&sandbox, PLAIN).await);
    client.pending.clear();
    client.send_service(&functions::Ping { ping_id: 3 }).await;
    let pong = |received: &Received| {
        matches!(received.parse(), Some(enums::Pong::Pong(types::Pong { ping_id: 3, .. })))
    };
    client.wait_for(pong).await;
    assert!(client.pending.is_empty(), "{:?}", client.pending);
}
