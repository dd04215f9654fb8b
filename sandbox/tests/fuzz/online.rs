//! A whole server, with hundreds of damaged packets on each connection.

use std::time::Duration;

use telescope_sandbox::tl::functions;
use telescope_sandbox::{Options, Sandbox};
use tokio::io::AsyncWriteExt as _;

use crate::common::client::{Client, message_id, plaintext};
use crate::common::login::client;
use crate::corpus::{bodies, sealed, streams};
use crate::random::Random;
use crate::{alone, plan};

/// Sends damaged packets with a valid key until the server closes the connection. Its answers are read to the end.
async fn talk(sandbox: &Sandbox, known: &Client, random: &mut Random, bodies: &[Vec<u8>]) {
    let mut bytes = vec![0xee; 4];
    for _ in 0..30 {
        let mut body = random.pick(bodies).clone();
        if random.below(4) > 0 {
            random.damage(&mut body, bodies);
        }
        body.resize(body.len().next_multiple_of(4), 0);
        let mut plain = plaintext(known.salt, known.session, message_id(), 1, &body);
        if random.below(8) == 0 {
            random.damage(&mut plain, bodies);
        }
        let packet = sealed(&known.key, plain);
        bytes.extend(u32::try_from(packet.len()).unwrap().to_le_bytes());
        bytes.extend(packet);
    }
    send(sandbox, &bytes).await;
}

/// Sends bytes and reads until the server closes the connection, possibly before it has read all of them.
async fn send(sandbox: &Sandbox, bytes: &[u8]) {
    let stream = tokio::net::TcpStream::connect(sandbox.mtproto_address()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let write = async {
        let _ = writer.write_all(bytes).await;
        let _ = writer.shutdown().await;
    };
    let mut sink = tokio::io::sink();
    let read = tokio::io::copy(&mut reader, &mut sink);
    let both = async { tokio::join!(write, read) };
    let ended = tokio::time::timeout(Duration::from_secs(60), both).await;
    let _ = ended.expect("the server ends the connection").1;
}

#[test]
fn a_server_survives_damaged_input() {
    let (seed, rounds) = plan(300);
    let attack = async move {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let (mut random, bodies, streams) = (Random(seed), bodies(), streams());
        let mut known = client(&sandbox).await;
        for round in 0..rounds {
            if round % 50 == 0 {
                known = client(&sandbox).await;
            }
            let mut bytes = random.pick(&streams).clone();
            random.damage(&mut bytes, &streams);
            send(&sandbox, &bytes).await;
            talk(&sandbox, &known, &mut random, &bodies).await;
        }
        client(&sandbox).await.invoke(&functions::help::GetConfig {}).await.unwrap();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    alone("VmHWM", move || runtime.block_on(attack));
}
