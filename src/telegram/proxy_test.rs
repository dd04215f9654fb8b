//! Tests whether Telegram can be reached through a proxy: connects to one of its servers and begins a key exchange, which
//! needs no account. TDLib's own test works only with the real Telegram.

use std::net::{SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::domain::proxy::ProxyTestFault;
use crate::domain::{Millis, ProxyKind};
use crate::telegram::proxy::Proxy;

/// How long a test may take as a whole.
const TEST_TIME: Duration = Duration::from_secs(10);
/// The longest head of an HTTP answer.
const MAX_HEAD: usize = 8 * 1024;
/// The request for a key, and its answer.
const REQ_PQ_MULTI: u32 = 0xbe7e_8ef1;
const RES_PQ: u32 = 0x0516_2463;
/// The longest answer to it.
const MAX_ANSWER: usize = 1024;

type Tested<T> = Result<T, ProxyTestFault>;

/// Returns how long Telegram took to answer through the proxy. Of an MTProto proxy only the connection to it is tested.
pub async fn test(proxy: &Proxy, test_environment: bool, now: Millis) -> Tested<Duration> {
    let begin = Instant::now();
    let tested = tokio::time::timeout(TEST_TIME, async {
        let mut stream = TcpStream::connect(proxy.address).await.map_err(|_| ProxyTestFault::Unreachable)?;
        match proxy.kind {
            ProxyKind::Socks5 => socks5(&mut stream, proxy, server(test_environment)).await?,
            ProxyKind::Http => http(&mut stream, proxy, server(test_environment)).await?,
            ProxyKind::Mtproto => return Ok(()),
        }
        ask_for_key(&mut stream, now).await
    });
    tested.await.map_err(|_| ProxyTestFault::NoAnswer)??;
    Ok(begin.elapsed())
}

/// A server of Telegram, of data centre 2.
const fn server(test_environment: bool) -> SocketAddrV4 {
    let last = if test_environment { 40 } else { 50 };
    SocketAddrV4::new(std::net::Ipv4Addr::new(149, 154, 167, last), 443)
}

async fn send(stream: &mut TcpStream, bytes: &[u8], fault: ProxyTestFault) -> Tested<()> {
    stream.write_all(bytes).await.map_err(|_| fault)
}

async fn receive<const N: usize>(stream: &mut TcpStream, fault: ProxyTestFault) -> Tested<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(|_| fault)?;
    Ok(bytes)
}

/// RFC 1928 and 1929.
async fn socks5(stream: &mut TcpStream, proxy: &Proxy, target: SocketAddrV4) -> Tested<()> {
    const ANONYMOUS: u8 = 0;
    const LOGIN: u8 = 2;
    let has_login = !proxy.username.is_empty();
    let methods: &[u8] = if has_login { &[5, 2, ANONYMOUS, LOGIN] } else { &[5, 1, ANONYMOUS] };
    send(stream, methods, ProxyTestFault::OtherKind).await?;
    match receive(stream, ProxyTestFault::OtherKind).await? {
        [5, ANONYMOUS] => {}
        [5, LOGIN] if has_login => {
            let (user, password) = (proxy.username.as_bytes(), proxy.secret.expose().as_bytes());
            let length = |text: &[u8]| u8::try_from(text.len()).unwrap_or(u8::MAX);
            let login = [&[1, length(user)], user, &[length(password)], password].concat();
            send(stream, &login, ProxyTestFault::LoginRefused).await?;
            let [_, status] = receive(stream, ProxyTestFault::LoginRefused).await?;
            if status != 0 {
                return Err(ProxyTestFault::LoginRefused);
            }
        }
        [5, _] if has_login => return Err(ProxyTestFault::LoginRefused),
        [5, _] => return Err(ProxyTestFault::LoginRequired),
        [_, _] => return Err(ProxyTestFault::OtherKind),
    }
    let request = [&[5, 1, 0, 1][..], &target.ip().octets(), &target.port().to_be_bytes()].concat();
    send(stream, &request, ProxyTestFault::NoTelegram).await?;
    let [_, status, _, kind] = receive(stream, ProxyTestFault::NoTelegram).await?;
    match status {
        0 => {}
        2 => return Err(ProxyTestFault::Forbidden),
        _ => return Err(ProxyTestFault::NoTelegram),
    }
    let rest = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(u8::from_be_bytes(receive(stream, ProxyTestFault::NoTelegram).await?)),
        _ => return Err(ProxyTestFault::OtherKind),
    };
    let mut bound = vec![0; rest + 2];
    stream.read_exact(&mut bound).await.map(drop).map_err(|_| ProxyTestFault::NoTelegram)
}

async fn http(stream: &mut TcpStream, proxy: &Proxy, target: SocketAddrV4) -> Tested<()> {
    let has_login = !proxy.username.is_empty();
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if has_login {
        let login = STANDARD.encode(format!("{}:{}", proxy.username, proxy.secret.expose()));
        request.push_str(&format!("Proxy-Authorization: Basic {login}\r\n"));
    }
    request.push_str("\r\n");
    send(stream, request.as_bytes(), ProxyTestFault::OtherKind).await?;
    let head = http_head(stream).await?;
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    match status.and_then(|status| status.parse::<u16>().ok()) {
        Some(200..=299) => Ok(()),
        Some(407) if has_login => Err(ProxyTestFault::LoginRefused),
        Some(401 | 407) => Err(ProxyTestFault::LoginRequired),
        Some(500..=599) => Err(ProxyTestFault::NoTelegram),
        Some(_) => Err(ProxyTestFault::Forbidden),
        None => Err(ProxyTestFault::OtherKind),
    }
}

/// The head of an answer. What follows it belongs to Telegram, so it is read byte by byte.
async fn http_head(stream: &mut TcpStream) -> Tested<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let [byte] = receive(stream, ProxyTestFault::OtherKind).await?;
        head.push(byte);
        if head.len() > MAX_HEAD || (head.len() == 5 && !head.starts_with(b"HTTP/")) {
            return Err(ProxyTestFault::OtherKind);
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Begins a key exchange and checks that the answer belongs to it.
async fn ask_for_key(stream: &mut TcpStream, now: Millis) -> Tested<()> {
    let fault = ProxyTestFault::NoTelegram;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| fault)?;
    let id = (now.0 / 1000) << 32;
    let mut packet = Vec::with_capacity(48);
    packet.extend([0xee; 4]); // the intermediate transport
    packet.extend(40u32.to_le_bytes());
    packet.extend([0; 8]); // without a key
    packet.extend(id.to_le_bytes());
    packet.extend(20u32.to_le_bytes());
    packet.extend(REQ_PQ_MULTI.to_le_bytes());
    packet.extend(nonce);
    send(stream, &packet, fault).await?;
    let length = u32::from_le_bytes(receive(stream, fault).await?);
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_ANSWER).ok_or(fault)?;
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.map_err(|_| fault)?;
    let answered = answer.get(20..24) == Some(&RES_PQ.to_le_bytes()) && answer.get(24..40) == Some(&nonce);
    if answered { Ok(()) } else { Err(fault) }
}

/// The address of a host name, by the system's resolver.
pub async fn resolve(host: &str, port: u16) -> Option<SocketAddr> {
    const LOOKUP_TIME: Duration = Duration::from_secs(5);
    if let Ok(ip) = host.parse() {
        return Some(SocketAddr::new(ip, port));
    }
    let found = tokio::time::timeout(LOOKUP_TIME, tokio::net::lookup_host((host, port))).await.ok()?.ok()?;
    // The same one each time, so that an order that changes is not a new address.
    found.min()
}
