//! The client's address: the peer of the connection, or the address reported by the operator's own proxies.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;

use crate::domain::{Subnet, client_address};

/// None for a request without a connection.
pub fn client(request: &Request, trusted: &[Subnet]) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let values: Vec<&[u8]> =
        request.headers().get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
    Some(client_address(peer.ip(), values.into_iter(), trusted))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn seen(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        client(&request, &[Subnet::parse("10.0.0.0/8").unwrap()]).unwrap().to_string()
    }

    #[test]
    fn spoofed_headers_change_nothing() {
        let spoofed = [
            ("x-forwarded-for", "192.0.2.66"),
            ("x-forwarded-for", "127.0.0.1, 10.0.0.9"),
            ("forwarded", "for=192.0.2.66"),
            ("x-real-ip", "192.0.2.66"),
            ("cf-connecting-ip", "192.0.2.66"),
            ("true-client-ip", "192.0.2.66"),
        ];
        assert_eq!(seen("198.51.100.4:5000", &spoofed), "198.51.100.4");
        // Through a trusted proxy, which appends the address that it saw.
        let mut forwarded = spoofed.to_vec();
        forwarded.push(("x-forwarded-for", "198.51.100.4"));
        assert_eq!(seen("10.0.0.1:5000", &forwarded), "198.51.100.4");
        assert_eq!(seen("[::ffff:10.0.0.1]:5000", &forwarded), "198.51.100.4");
        assert_eq!(seen("10.0.0.1:5000", &spoofed[2..]), "10.0.0.1", "no other header counts");
    }
}
