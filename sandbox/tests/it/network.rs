//! Injected faults of the network and the clock, as the tests' small client sees them.

use std::time::{Duration, Instant};

use crate::common::login::number;
use telescope_sandbox::tl::{Serializable as _, enums, functions, types};

use crate::common::client::Received;
use crate::common::login::{ada, client, send_code, sign_in, signed_in};
use crate::common::packets::{PLAIN, PacketStream, Transport};
use crate::faults::{back, ends};
use crate::phones::{get, post, sandbox_with_page, state};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};
const PING: functions::Ping = functions::Ping { ping_id: 1 };

#[tokio::test]
async fn during_a_silence_requests_are_executed_and_answers_held_back() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut adas = signed_in(&sandbox, &ada()).await;
    let mut other = signed_in(&sandbox, &number("9996630000")).await;
    adas.invoke(&GET_STATE).await.unwrap();
    assert_eq!(post(address, "/network", "fault=silence&seconds=2&number=9996621234").await, 303);
    assert!(get(address, "/").await.contains("Silence for 9996621234"));
    let begun = Instant::now();
    sandbox.push_message(&ada(), "unheard").await.unwrap();
    adas.invoke(&GET_STATE).await.unwrap();
    assert!(begun.elapsed() > Duration::from_millis(1900), "{:?}", begun.elapsed());
    adas.wait_for(|received| received.parse::<enums::Updates>().is_some()).await;

    // A long silence of one number: others are answered, and requests are executed.
    post(address, "/network", "fault=silence&seconds=3600&number=9996621234").await;
    let before = sandbox.requests().of("updates.getState", &ada());
    let id = adas.send(&GET_STATE.to_bytes()).await;
    while sandbox.requests().of("updates.getState", &ada()) == before {
        tokio::task::yield_now().await;
    }
    other.invoke(&GET_STATE).await.unwrap();
    post(address, "/network", "fault=silence&seconds=0&number=9996621234").await;
    adas.result(id).await.unwrap();

    // A silence of everyone includes key exchanges, and can be ended.
    post(address, "/network", "fault=silence&seconds=3600").await;
    let sandbox = std::sync::Arc::new(sandbox);
    let late = tokio::spawn({
        let sandbox = std::sync::Arc::clone(&sandbox);
        async move { client(&sandbox).await }
    });
    let asked = other.send_service(&PING).await;
    sandbox.push_message(&number("9996630000"), "unheard").await.unwrap();
    post(address, "/network", "fault=silence&seconds=0").await;
    let enums::Pong::Pong(pong) = other.wait_as().await;
    assert_eq!(pong.msg_id, asked);
    late.await.unwrap().invoke(&functions::help::GetConfig {}).await.unwrap();
}

#[tokio::test]
async fn connections_can_be_broken_for_all_or_one_number() {
    let (sandbox, address) = sandbox_with_page().await;
    for fault in ["drop", "truncate"] {
        let mut adas = signed_in(&sandbox, &ada()).await;
        let mut other = signed_in(&sandbox, &number("9996630000")).await;
        assert_eq!(post(address, "/network", &format!("fault={fault}&number=9996621234")).await, 303);
        while let Some(packet) = adas.stream.receive().await {
            assert!(!packet.is_empty());
        }
        other.invoke(&GET_STATE).await.unwrap();
        back(adas, &sandbox).await.invoke(&GET_STATE).await.unwrap();
        post(address, "/network", &format!("fault={fault}")).await;
        while other.stream.receive().await.is_some() {}
        back(other, &sandbox).await.invoke(&GET_STATE).await.unwrap();
    }
    let mut client = signed_in(&sandbox, &ada()).await;
    client.pending.clear();
    post(address, "/network", "fault=garbage").await;
    let key = client.key.id().0.to_le_bytes();
    while client.stream.receive().await.unwrap().starts_with(&key) {}
    client.invoke(&GET_STATE).await.expect("a client that ignores it can continue");
}

#[tokio::test]
async fn a_number_is_unknown_before_it_signs_in() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut stranger = client(&sandbox).await;
    send_code(&mut stranger, "9996621234").await.unwrap();
    post(address, "/network", "fault=drop&number=9996621234").await;
    sign_in(&mut stranger, &ada()).await.expect("not a connection of that number yet");
}

#[tokio::test]
async fn the_server_can_be_unreachable() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    assert_eq!(post(address, "/network", "fault=down&seconds=3600").await, 303);
    ends(&mut client).await;
    let address_of = sandbox.mtproto_address();
    let mut stream = tokio::net::TcpStream::connect(address_of).await.unwrap();
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "closed at once: {read:?}");
    post(address, "/network", "fault=down&seconds=0").await;
    let transport = Transport { socks: true, ..PLAIN };
    let stream = PacketStream::connect(sandbox.socks_address(), transport).await;
    client.reconnect(stream).invoke(&GET_STATE).await.unwrap();
}

#[tokio::test]
async fn the_clock_can_be_wrong() {
    let (sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, "/network", "fault=clock&seconds=-900").await, 303);
    assert_eq!(state(address).await["clock"], -900);
    assert!(get(address, "/").await.contains("The clock is slow by 900 seconds"));
    let mut slow = client(&sandbox).await;
    let id = slow.send(&PING.to_bytes()).await;
    let bad = slow.wait_for(|received| received.parse::<enums::BadMsgNotification>().is_some()).await;
    let Some(enums::BadMsgNotification::Notification(notice)) = bad.parse() else { panic!("{bad:?}") };
    assert_eq!((notice.bad_msg_id, notice.error_code), (id, 17));
    let off = (id >> 32) - (bad.id >> 32);
    assert!((890..=910).contains(&off), "{off}");
    post(address, "/network", "fault=clock&seconds=0").await;
    let enums::Config::Config(types::Config { date, .. }) =
        slow.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert!((i64::from(date) - (id >> 32)).abs() < 60);
}

#[tokio::test]
async fn invalid_faults_are_refused_with_an_explanation() {
    let (_sandbox, address) = sandbox_with_page().await;
    for form in [
        "",
        "fault=earthquake",
        "fault=silence",
        "fault=silence&seconds=",
        "fault=silence&seconds=-1",
        "fault=silence&seconds=99999999",
        "fault=silence&seconds=5&number=12",
        "fault=down&seconds=x",
        "fault=down&seconds=5&number=9996621234",
        "fault=clock&seconds=",
        "fault=clock&seconds=99999999999",
        "fault=clock&seconds=5&number=9996621234",
        "fault=drop&number=x",
    ] {
        assert_eq!(post(address, "/network", form).await, 422, "{form}");
    }
    for path in ["revoke", "expire-code", "dc", "account"] {
        assert_eq!(
            post(address, &format!("/phones/9996621234/{path}"), "account=banned").await,
            422,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_flood_is_as_fast_as_its_reader_and_loses_nothing() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    client.invoke(&GET_STATE).await.unwrap();
    let flood = "/phones/9996621234/flood";
    for form in ["", "count=-1", "count=1000001", "count=x", "seconds=x", "count=1&seconds=1"] {
        assert_eq!(post(address, flood, form).await, 422, "{form}");
    }
    assert_eq!(post(address, flood, "count=20000").await, 303);
    let begun = Instant::now();
    for expected in 1..=20_000 {
        let next = client.wait_for(|received| text(received).is_some()).await;
        assert_eq!(text(&next).unwrap(), format!("Message {expected} of a flood"));
        if expected % 100 == 0 {
            let ack = types::MsgsAck { msg_ids: vec![next.id] };
            client.send_service(&enums::MsgsAck::Ack(ack)).await;
        }
    }
    println!("20,000 updates in {:?}", begun.elapsed());
    // An endless flood waits for a client that does not read, and can be ended.
    post(address, flood, "seconds=3600").await;
    client.wait_for(|received| text(received).is_some()).await;
    let posted = || sandbox.inspect(|backend| backend.phones[&ada()].last_message);
    let (deadline, mut before) = (Instant::now() + Duration::from_secs(60), 0);
    while posted() != before {
        assert!(Instant::now() < deadline, "it does not wait for its reader");
        before = posted();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    post(address, flood, "count=0").await;
    while client.receive().await.is_some_and(|next| text(&next) != Some("the end".to_owned())) {
        if posted() == before {
            before = 0;
            sandbox.push_message(&ada(), "the end").await.unwrap();
        }
    }
}

fn text(received: &Received) -> Option<String> {
    let enums::Updates::Updates(updates) = received.parse()? else { return None };
    match updates.updates.into_iter().next()? {
        enums::Update::NewMessage(types::UpdateNewMessage {
            message: enums::Message::Message(message),
            ..
        }) => Some(message.message),
        _ => None,
    }
}
