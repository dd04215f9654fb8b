//! Processes that run TDLib can reach only the loopback interface, and don't even try to reach other addresses. Neither
//! do the browsers of the tests.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use crate::support::browser::{Browser, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{ADMIN, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

/// The network interfaces of a process.
fn interfaces(pid: i32) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap();
    table.lines().skip(2).map(|line| line.split(':').next().unwrap().trim().to_owned()).collect()
}

/// A counter of a process's network namespace; the file has pairs of lines with names and values.
fn counter(pid: i32, protocol: &str, name: &str) -> u64 {
    let table = fs::read_to_string(format!("/proc/{pid}/net/snmp")).unwrap();
    let mut lines = table.lines().filter(|line| line.starts_with(protocol));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let mut pairs = names.split_whitespace().zip(values.split_whitespace());
    pairs.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("{name} is counted")).1.parse().unwrap()
}

/// The same for IPv6, with one counter per line; 0 if the kernel has no IPv6.
fn counter6(pid: i32, name: &str) -> u64 {
    let table = fs::read_to_string(format!("/proc/{pid}/net/snmp6")).unwrap_or_default();
    let found = table.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    found.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_beyond_loopback() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    ready_account(&stack, &visitor, Some("secret")).await;

    for pid in [stack.telescope_pid(), stack.td_host_pid(), stack.server_pid()] {
        assert_eq!(interfaces(pid), ["lo"]);
        assert!(counter(pid, "Ip:", "OutRequests") > 0, "packets are counted");
        assert_eq!(counter(pid, "Ip:", "OutNoRoutes"), 0, "no attempt to reach an address beyond loopback");
        assert_eq!(counter6(pid, "Ip6OutNoRoutes"), 0, "no attempt over IPv6");
    }
}

/// An address of this machine that others can reach; none if it has no network.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Nothing is sent: this only chooses the interface.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().unwrap().ip())
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_reach_only_loopback() {
    let outside = own_address().map(|address| {
        let listener = TcpListener::bind((address, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    });
    let mut addresses = vec!["http://example.org/".to_owned(), "https://192.0.2.1/".to_owned()];
    addresses.extend(outside.iter().map(|listener| format!("http://{}/", listener.local_addr().unwrap())));
    for engine in [Engine::Chromium, Engine::Firefox] {
        let browser = Browser::open_in(engine, Scripts::On).await;
        for address in &addresses {
            assert!(!browser.reaches(address).await, "{engine:?} reaches {address}");
        }
        browser.close().await;
    }
    if let Some(listener) = outside {
        assert!(listener.accept().is_err(), "no browser connected");
    }
}
