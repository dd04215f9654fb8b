//! The client's address, whatever headers a client sends.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn subnets() -> Vec<Subnet> {
    ["10.0.0.0/8", "192.0.2.7", "fd00::/8"].map(|text| Subnet::parse(text).unwrap()).to_vec()
}

fn client(peer: &str, forwarded: &[&str]) -> String {
    let values = forwarded.iter().map(|value| value.as_bytes());
    client_address(peer.parse().unwrap(), values, &subnets()).to_string()
}

#[test]
fn the_client_is_the_rightmost_untrusted_hop() {
    for (peer, forwarded, expected) in [
        ("203.0.113.9", &[][..], "203.0.113.9"),
        ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.9.9.9, 192.0.2.7"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1", "10.2.2.2"], "198.51.100.1"),
        ("10.0.0.1", &["10.3.3.3,10.2.2.2"], "10.3.3.3"),
        ("10.0.0.1", &["198.51.100.1:443"], "198.51.100.1"),
        ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd12::1", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1:99999"], "10.0.0.1"),
        ("10.0.0.1", &["[198.51.100.1"], "10.0.0.1"),
    ] {
        assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded:?}");
    }
}

#[test]
fn networks_are_parsed_and_all_addresses_are_refused() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("192.0.2.128/25", "192.0.2.200", "192.0.2.1"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
        ("::1", "::1", "::2"),
        ("::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"),
        (" 10.0.0.0/8 ", "::ffff:10.0.0.1", "::a00:1"),
    ] {
        let subnet = Subnet::parse(text).unwrap();
        assert!(subnet.contains(inside.parse().unwrap()), "{text} {inside}");
        assert!(!subnet.contains(outside.parse().unwrap()), "{text} {outside}");
    }
    for text in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        assert_eq!(Subnet::parse(text), Err(SubnetError::AllAddresses), "{text}");
    }
    for text in [
        "",
        "10.0.0.0/33",
        "10.0.0/8",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "a/8",
        "10.0.0.0/8/8",
    ] {
        assert_eq!(Subnet::parse(text), Err(SubnetError::Form), "{text}");
    }
    assert_eq!(Subnet::parse("10.0.0.1/8"), Err(SubnetError::Bits));
}

fn anywhere() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
    ]
}

fn foreign() -> impl Strategy<Value = IpAddr> {
    let ours = subnets();
    anywhere().prop_map(|address| address.to_canonical()).prop_filter("not a trusted proxy", move |address| {
        !ours.iter().any(|subnet| subnet.contains(*address))
    })
}

fn own() -> impl Strategy<Value = IpAddr> {
    (0..=0x00ff_ffff_u32).prop_map(|low| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | low)))
}

fn of(peer: IpAddr, values: &[Vec<u8>]) -> IpAddr {
    client_address(peer, values.iter().map(Vec::as_slice), &subnets())
}

proptest! {
    #[test]
    fn a_direct_client_can_not_forge_its_address(
        peer in foreign(),
        values in vec(vec(any::<u8>(), 0..60), 0..5),
    ) {
        prop_assert_eq!(of(peer, &values), peer);
    }

    #[test]
    fn entries_sent_by_the_client_change_nothing(
        peer in own(),
        client in foreign(),
        proxies in vec(own(), 0..4),
        spoofed in vec(vec(any::<u8>(), 0..60), 0..5),
    ) {
        let written = std::iter::once(client).chain(proxies).map(|hop| hop.to_string()).collect::<Vec<_>>();
        let mut values = spoofed;
        // The proxies append to the last header that the client sent.
        let glued = [values.last().cloned().unwrap_or_default(), written.join(", ").into_bytes()].join(&b","[..]);
        values.push(glued);
        prop_assert_eq!(of(peer, &values), client);
    }

    #[test]
    fn any_bytes_give_the_peer_or_an_address_of_the_header(
        peer in own(),
        values in vec(vec(any::<u8>(), 0..80), 0..5),
    ) {
        let found = of(peer, &values);
        let text = values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>().join(",");
        let named = text.split(',').any(|hop| read_hop(hop.as_bytes()) == Some(found));
        prop_assert!(found == peer || named);
    }

    #[test]
    fn any_text_is_a_network_or_refused(text in "\\PC{0,40}", address in anywhere(), bits in 1..=128_u32) {
        if let Ok(subnet) = Subnet::parse(&text) {
            prop_assert!(subnet.contains(subnet.0.addr()));
        }
        let written = format!("{address}/{bits}");
        if let Ok(subnet) = Subnet::parse(&written) {
            prop_assert!(subnet.contains(address), "{written}");
        }
    }
}
