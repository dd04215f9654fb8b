//! Packets over TCP, framed by a client: written apart from the server's own framing, to check it.

use std::net::SocketAddr;
use std::time::Duration;

use flate2::Crc;
use grammers_crypto::ObfuscatedCipher;
use telescope_sandbox::crypto::random;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Abridged,
    Intermediate,
    Padded,
    Full,
}

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transport {
    pub framing: Framing,
    pub obfuscated: bool,
    pub socks: bool,
}

pub const PLAIN: Transport = Transport { framing: Framing::Intermediate, obfuscated: false, socks: false };

/// Packets over TCP.
pub struct PacketStream {
    stream: TcpStream,
    framing: Framing,
    cipher: Option<ObfuscatedCipher>,
    sent: u32,
    received: u32,
    quick_acks: Vec<u32>,
}

impl PacketStream {
    pub async fn connect(address: SocketAddr, transport: Transport) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if transport.socks {
            greet_proxy(&mut stream).await;
        }
        let tag = match transport.framing {
            Framing::Abridged => [0xef; 4],
            Framing::Intermediate => [0xee; 4],
            Framing::Padded => [0xdd; 4],
            Framing::Full => [0; 4],
        };
        let cipher = if transport.obfuscated {
            let mut header: [u8; 64] = random();
            header[0] = 1;
            header[4] = 1;
            header[56..60].copy_from_slice(&tag);
            header[60..62].copy_from_slice(&10_003i16.to_le_bytes());
            let mut cipher = ObfuscatedCipher::new(&header);
            let mut hidden = header;
            cipher.encrypt(&mut hidden);
            header[56..].copy_from_slice(&hidden[56..]);
            stream.write_all(&header).await.unwrap();
            Some(cipher)
        } else {
            match transport.framing {
                Framing::Full => {}
                Framing::Abridged => stream.write_all(&tag[..1]).await.unwrap(),
                _ => stream.write_all(&tag).await.unwrap(),
            }
            None
        };
        Self { stream, framing: transport.framing, cipher, sent: 0, received: 0, quick_acks: Vec::new() }
    }

    pub async fn send(&mut self, packet: &[u8], quick_ack: bool) {
        let length = u32::try_from(packet.len()).unwrap();
        let quick = u32::from(quick_ack) << 31;
        let mut out = match self.framing {
            Framing::Abridged if length / 4 < 127 => {
                vec![u8::try_from(length / 4).unwrap() | u8::from(quick_ack) << 7]
            }
            Framing::Abridged => {
                let mut head = vec![0x7f | u8::from(quick_ack) << 7];
                head.extend(&(length / 4).to_le_bytes()[..3]);
                head
            }
            Framing::Intermediate => (length | quick).to_le_bytes().to_vec(),
            Framing::Padded => ((length + 3) | quick).to_le_bytes().to_vec(),
            Framing::Full => [(length + 12).to_le_bytes(), self.sent.to_le_bytes()].concat(),
        };
        out.extend(packet);
        match self.framing {
            Framing::Padded => out.extend([9; 3]),
            Framing::Full => out.extend(crc32(&out).to_le_bytes()),
            _ => {}
        }
        self.sent += 1;
        if let Some(cipher) = &mut self.cipher {
            cipher.encrypt(&mut out);
        }
        self.stream.write_all(&out).await.unwrap();
    }

    async fn read(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        let read = tokio::time::timeout(TIMEOUT, self.stream.read_exact(&mut bytes)).await;
        read.expect("the server says nothing").ok()?;
        if let Some(cipher) = &mut self.cipher {
            cipher.decrypt(&mut bytes);
        }
        Some(bytes)
    }

    async fn read_u32(&mut self) -> Option<u32> {
        self.read(4).await.map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
    }

    /// The next packet; `None` when the server has closed the connection.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.framing {
                Framing::Abridged => {
                    let first = self.read(1).await?[0];
                    if first & 0x80 != 0 {
                        let rest = self.read(3).await?;
                        self.quick_acks.push(u32::from_be_bytes([first, rest[0], rest[1], rest[2]]));
                        continue;
                    }
                    let words = match first {
                        0x7f => {
                            let rest = self.read(3).await?;
                            u32::from_le_bytes([rest[0], rest[1], rest[2], 0])
                        }
                        words => u32::from(words),
                    };
                    return self.read(usize::try_from(words * 4).unwrap()).await;
                }
                Framing::Intermediate | Framing::Padded => {
                    let length = self.read_u32().await?;
                    if length >> 31 != 0 {
                        self.quick_acks.push(length);
                        continue;
                    }
                    return self.read(usize::try_from(length).unwrap()).await;
                }
                Framing::Full => {
                    let length = self.read_u32().await?;
                    let body = self.read(usize::try_from(length).unwrap() - 4).await?;
                    let (body, sum) = body.split_last_chunk::<4>().unwrap();
                    let summed = [&length.to_le_bytes()[..], body].concat();
                    assert_eq!(crc32(&summed), u32::from_le_bytes(*sum));
                    assert_eq!(body[..4], self.received.to_le_bytes());
                    self.received += 1;
                    return Some(body[4..].to_vec());
                }
            }
        }
    }
}

async fn greet_proxy(stream: &mut TcpStream) {
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [5, 0]);
    stream.write_all(&[5, 1, 0, 1, 149, 154, 167, 40, 1, 187]).await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..2], [5, 0]);
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

impl PacketStream {
    /// The quick acknowledgements that came so far.
    pub fn quick_acks(&self) -> &[u32] {
        &self.quick_acks
    }
}

/// What a packet that carries no message says: a transport error.
pub async fn transport_error(stream: &mut PacketStream) -> Option<i32> {
    let packet = stream.receive().await?;
    Some(i32::from_le_bytes(packet.get(..4)?.try_into().ok()?))
}
