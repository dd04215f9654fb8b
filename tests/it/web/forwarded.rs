//! X-Forwarded-For from the bytes of a real connection to the audit log.

use telescope::http::server::Limits;
use telescope::store;
use tokio::io::AsyncWriteExt;

use super::app::HOST;
use super::behind::{ADA, Behind, HEADER};
use super::limits::{Served, connect, read, serve, serve_at};

/// Headers that a client sends in order to spoof its address.
const SPOOFED: &str = "x-forwarded-for: 203.0.113.66, 127.0.0.1\r\nforwarded: for=203.0.113.66\r\n\
                       x-real-ip: 203.0.113.66\r\ntrue-client-ip: 203.0.113.66\r\ncf-connecting-ip: 203.0.113.66\r\n";

/// Signs Ada in with these header lines; returns the address in the audit log.
async fn logged_address(behind: &Behind, served: &Served, lines: &[u8]) -> String {
    let head = format!("GET /accounts HTTP/1.1\r\nhost: {HOST}\r\n{HEADER}: {}\r\n", behind.token(ADA));
    let before = behind.sign_ins().await;
    let mut client = connect(served).await;
    client.write_all(&[head.as_bytes(), lines, b"connection: close\r\n\r\n"].concat()).await.unwrap();
    let answer = read(&mut client, "</html>").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(behind.sign_ins().await, before + 1);
    let conn = &mut behind.test.app.db.read().await.unwrap();
    let newest = store::audit::page(conn, &store::audit::Filter::default(), 1).await.unwrap().remove(0);
    assert_eq!(newest.code, "web.sign-in");
    newest.address.unwrap()
}

#[tokio::test]
async fn the_address_from_trusted_proxies_is_logged() {
    let behind = Behind::with(&[("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    let served = serve(&behind.test, Limits::new(10, std::time::Duration::from_secs(60))).await;
    for (lines, expected) in [
        ("", "127.0.0.1"),
        ("x-forwarded-for: 198.51.100.4\r\n", "198.51.100.4"),
        ("X-FORWARDED-FOR:198.51.100.4\r\n", "198.51.100.4"),
        ("x-forwarded-for: 198.51.100.4, 10.1.2.3\r\n", "198.51.100.4"),
        ("x-forwarded-for: 198.51.100.4\r\nx-forwarded-for: 10.1.2.3\r\n", "198.51.100.4"),
        ("x-forwarded-for: 203.0.113.66, 10.9.9.9, 198.51.100.4, 10.1.2.3\r\n", "198.51.100.4"),
        ("x-forwarded-for: 198.51.100.4:41234\r\n", "198.51.100.4"),
        ("x-forwarded-for: 2001:db8::7\r\n", "2001:db8::7"),
        ("x-forwarded-for: [2001:DB8:0::7]:41234, 10.1.2.3\r\n", "2001:db8::7"),
        ("x-forwarded-for: ::ffff:198.51.100.4\r\n", "198.51.100.4"),
        // An unreadable address ends the search at the proxy that wrote it.
        ("x-forwarded-for: 198.51.100.4, unknown\r\n", "127.0.0.1"),
        ("x-forwarded-for: 198.51.100.4, <script>, 10.1.2.3\r\n", "10.1.2.3"),
        ("x-forwarded-for: ,,,\r\n", "127.0.0.1"),
        ("x-forwarded-for:\r\n", "127.0.0.1"),
    ] {
        assert_eq!(logged_address(&behind, &served, lines.as_bytes()).await, expected, "{lines}");
        // What is to the left of the proxies' own addresses changes nothing.
        if expected != "127.0.0.1" {
            let spoofed = [SPOOFED, lines].concat();
            assert_eq!(logged_address(&behind, &served, spoofed.as_bytes()).await, expected, "{spoofed}");
        }
    }
    let garbage = [b"x-forwarded-for: 198.51.100.4, \xff\xfe".as_slice(), &[b'1'; 4000], b"\r\n"].concat();
    assert_eq!(logged_address(&behind, &served, &garbage).await, "127.0.0.1");
}

#[tokio::test]
async fn the_header_is_ignored_from_other_addresses() {
    let behind = Behind::with(&[("TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).await;
    let served = serve(&behind.test, Limits::new(10, std::time::Duration::from_secs(60))).await;
    for lines in [SPOOFED, "x-forwarded-for: 10.1.2.3\r\n", "x-forwarded-for: 198.51.100.4, 10.1.2.3\r\n"] {
        assert_eq!(logged_address(&behind, &served, lines.as_bytes()).await, "127.0.0.1", "{lines}");
    }
    let direct = Behind::new().await;
    let served = serve(&direct.test, Limits::new(10, std::time::Duration::from_secs(60))).await;
    assert_eq!(logged_address(&direct, &served, SPOOFED.as_bytes()).await, "127.0.0.1");
}

#[tokio::test]
async fn a_trusted_proxy_may_use_ipv6() {
    let behind = Behind::with(&[("TRUSTED_PROXIES", "::1, fd00::/8")]).await;
    let served = serve_at("[::1]:0", &behind.test, Limits::new(10, std::time::Duration::from_secs(60))).await;
    let through = "x-forwarded-for: 203.0.113.66, 2001:db8::7, fd12::3\r\n";
    assert_eq!(logged_address(&behind, &served, through.as_bytes()).await, "2001:db8::7");
    assert_eq!(logged_address(&behind, &served, b"x-forwarded-for: 198.51.100.4\r\n").await, "198.51.100.4");
    assert_eq!(logged_address(&behind, &served, b"").await, "::1");
}
