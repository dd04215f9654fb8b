//! Malformed input: the server survives it and serves others.

use std::time::Duration;

use telescope_sandbox::crypto::sha256;
use telescope_sandbox::tl::{Serializable as _, functions};
use telescope_sandbox::{Answer, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::client::{Client, message_id};
use crate::common::login::{ada, client, connect, sandbox, signed_in};
use crate::common::packets::PLAIN;

/// Bytes that look random but are the same in every run.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for block in 0u32.. {
        out.extend(sha256(&[&seed.to_le_bytes(), &block.to_le_bytes()]));
        if out.len() >= length {
            break;
        }
    }
    out.truncate(length);
    out
}

fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = vec![
        vec![],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        vec![0xef, 0x7f, 0xff, 0xff, 0xff],
        vec![0xee; 4_000],
        [&[0xee; 4][..], &[0xff, 0xff, 0xff, 0x7f]].concat(),
        [&[0xdd; 4][..], &[24, 0, 0, 0], &[0; 24]].concat(),
        [&[0xee; 4][..], &[4, 0, 0, 0], &[0; 4]].concat(),
        [&[0xee; 4][..], &[0, 0, 0x20, 0], &[1; 100]].concat(),
        [&[100, 0, 0, 0, 0, 0, 0, 0][..], &[3; 92]].concat(),
        vec![5, 1, 0, 5, 1, 0, 1, 1, 2, 3, 4, 0, 80, 0xef, 0, 0],
        vec![5, 255],
        vec![0; 10_000],
        vec![255; 10_000],
    ];
    corpus.extend((0..60).map(|seed| noise(seed, 1 + 37 * usize::try_from(seed).unwrap())));
    corpus
}

/// The server still answers others, and this connection ends.
async fn survives(sandbox: &Sandbox) {
    let mut client = client(sandbox).await;
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
}

#[tokio::test]
async fn garbage_closes_its_own_connection_and_no_other() {
    let sandbox = sandbox().await;
    let mut witness = signed_in(&sandbox, &ada()).await;
    for address in [sandbox.socks_address(), sandbox.mtproto_address()] {
        for bytes in corpus() {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
            ended.expect("the connection ends").ok();
        }
    }
    witness.invoke(&functions::updates::GetState {}).await.unwrap();
    survives(&sandbox).await;
}

#[tokio::test]
async fn damaged_packets_with_a_valid_key_are_refused() {
    let sandbox = sandbox().await;
    let mut base = client(&sandbox).await;
    base.invoke(&functions::help::GetConfig {}).await.unwrap();
    let packet = base.seal(message_id(), 1, &functions::help::GetConfig {}.to_bytes());
    for at in 0..packet.len() {
        let mut damaged = packet.clone();
        damaged[at] ^= 1;
        let mut stream = connect(&sandbox, PLAIN).await;
        stream.send(&damaged, false).await;
        // A wrong key, a wrong message key, a wrong hash: at most an error code, then the connection ends.
        while let Some(answer) = stream.receive().await {
            assert_eq!(answer.len(), 4, "byte {at}");
        }
    }
    base.invoke(&functions::help::GetConfig {}).await.unwrap();
}

/// Sends an invalid message body, and waits for its result.
async fn try_body(sandbox: &Sandbox, key: &Client, body: &[u8]) {
    let mut client = Client::new(connect(sandbox, PLAIN).await, key.key.clone(), key.salt);
    client.send(body).await;
    client.send_service(&functions::Ping { ping_id: 1 }).await;
    let mut answers = 0;
    while let Some(received) = client.receive().await {
        answers += 1;
        let pong = received.parse::<telescope_sandbox::tl::enums::Pong>();
        if pong.is_some() || answers > 20 {
            break;
        }
    }
}

#[tokio::test]
async fn bodies_with_false_lengths_do_no_harm() {
    let sandbox = sandbox().await;
    let client = signed_in(&sandbox, &ada()).await;
    let vector = [0x15, 0xc4, 0xb5, 0x1c, 0xff, 0xff, 0xff, 0x7f];
    let mut bodies = vec![
        vec![],
        vec![1, 2, 3, 4],
        [&0x73f1_f8dcu32.to_le_bytes()[..], &[255; 4]].concat(),
        [&0x3072_cfa1u32.to_le_bytes()[..], &[254, 255, 255, 255]].concat(),
        [&0x62d6_b459u32.to_le_bytes()[..], &vector].concat(),
        [&0x0d91_a548u32.to_le_bytes()[..], &vector].concat(),
        0xd433_ad73u32.to_le_bytes().to_vec(),
    ];
    // Every method with a nested value, nested as deep as a packet allows.
    let user_of_message = 0x1da4_48e2u32.to_le_bytes();
    let peer_of_message = 0xa87b_0a1cu32.to_le_bytes();
    let one = [0x15, 0xc4, 0xb5, 0x1c, 1, 0, 0, 0];
    let users = 0x0d91_a548u32.to_le_bytes();
    let deep = peer_of_message.repeat(250_000);
    bodies.push([&users[..], &one, &user_of_message, &deep].concat());
    let history = 0x4423_e6c5u32.to_le_bytes();
    bodies.push([&history[..], &deep].concat());
    // The same, well-formed: dropping such a value recurses as deep as parsing it.
    let depth = 50_000;
    let inside = [&0x7da0_7ec9u32.to_le_bytes()[..], &[0; 12].repeat(depth)].concat();
    let whole = [&history[..], &peer_of_message.repeat(depth), &inside, &[0; 36]].concat();
    bodies.push(whole);
    for id in [0xd18b_4d16u32, 0xa59b_102f, 0x8d52_a951, 0xa677_244f, 0xcdd4_2a05, 0xda9b_0d0d, 0xc1cd_5ea9] {
        for seed in 0..6 {
            bodies.push([&id.to_le_bytes()[..], &noise(seed, 200)].concat());
        }
    }
    // One of them has an override, whose request is parsed in the same way.
    sandbox.on::<functions::users::GetUsers>(|_, _| Answer::Default);
    for body in bodies {
        let body = [body.clone(), vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
        try_body(&sandbox, &client, &body).await;
    }
    survives(&sandbox).await;
}

#[tokio::test]
async fn a_client_that_never_reads_blocks_nobody() {
    let sandbox = sandbox().await;
    let mut deaf = signed_in(&sandbox, &ada()).await;
    deaf.invoke(&functions::updates::GetState {}).await.unwrap();
    let text = "x".repeat(4000);
    for _ in 0..600 {
        sandbox.push_message(&ada(), &text).await.unwrap();
    }
    survives(&sandbox).await;
}
