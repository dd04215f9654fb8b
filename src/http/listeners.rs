//! The sockets on which a server listens. They are not registered with a runtime, so that a standby server can pass
//! them on.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use futures_util::future::select_all;
use rustix::io::Errno;
use tokio::net::TcpStream;

/// One or more listening sockets.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

impl From<TcpListener> for Listeners {
    fn from(listener: TcpListener) -> Self {
        Self(vec![listener])
    }
}

impl Listeners {
    /// Listens on that name or address. For `localhost` it listens on both loopback addresses: which one a browser or a
    /// proxy uses depends on its system.
    pub async fn bind(host: &str, port: u16) -> io::Result<Self> {
        if !host.eq_ignore_ascii_case("localhost") {
            return Ok(tokio::net::TcpListener::bind((host, port)).await?.into_std()?.into());
        }
        let four = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let same = four.as_ref().ok().and_then(|four| four.local_addr().ok()).map_or(port, |at| at.port());
        let six = tokio::net::TcpListener::bind((Ipv6Addr::LOCALHOST, same)).await;
        let listeners = match (four, six) {
            (Ok(four), Ok(six)) => vec![four, six],
            (Ok(one), Err(error)) | (Err(error), Ok(one)) if lacks_family(&error) || port == 0 => vec![one],
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        listeners.into_iter().map(tokio::net::TcpListener::into_std).collect::<io::Result<_>>().map(Self)
    }

    /// The addresses, for the log.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Another handle to the same sockets.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.iter().map(TcpListener::try_clone).collect::<io::Result<_>>().map(Self)
    }

    /// Registers them with the runtime.
    pub fn start(self) -> io::Result<Accepting> {
        self.0.into_iter().map(tokio::net::TcpListener::from_std).collect::<io::Result<_>>().map(Accepting)
    }
}

/// Whether binding failed because the machine has no address of this family.
fn lacks_family(error: &io::Error) -> bool {
    let missing = [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| missing.contains(&code))
}

/// The sockets, in the runtime.
#[derive(Debug)]
pub struct Accepting(Vec<tokio::net::TcpListener>);

impl From<tokio::net::TcpListener> for Accepting {
    fn from(listener: tokio::net::TcpListener) -> Self {
        Self(vec![listener])
    }
}

impl Accepting {
    /// The next connection on any of them.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        select_all(self.0.iter().map(|listener| Box::pin(listener.accept()))).await.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn reaches(listeners: &Listeners) -> Vec<SocketAddr> {
        let accepting = listeners.try_clone().unwrap().start().unwrap();
        let mut reached = Vec::new();
        for address in listeners.addresses() {
            let client = TcpStream::connect(address).await.unwrap();
            let (_, peer) = accepting.accept().await.unwrap();
            assert_eq!(client.local_addr().unwrap(), peer);
            reached.push(address);
        }
        reached
    }

    #[tokio::test]
    async fn localhost_is_both_loopbacks_with_one_port() {
        let listeners = Listeners::bind("LocalHost", 0).await.unwrap();
        let reached = reaches(&listeners).await;
        let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        assert_eq!(reached.len(), if has_v6 { 2 } else { 1 }, "{reached:?}");
        assert!(
            reached.iter().all(|at| at.ip().is_loopback() && at.port() == reached[0].port()),
            "{reached:?}"
        );
        let taken = Listeners::bind("localhost", reached[0].port()).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        if let [four, _] = reached.as_slice() {
            // One loopback alone is taken by another program, which would get a part of the requests.
            drop(listeners);
            let other = TcpListener::bind(four).unwrap();
            let taken = Listeners::bind("localhost", other.local_addr().unwrap().port()).await.unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        }
    }

    #[tokio::test]
    async fn the_address_of_everything_is_reached_by_both_families() {
        if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
            return;
        }
        let listeners = Listeners::bind("::", 0).await.unwrap();
        let accepting = listeners.try_clone().unwrap().start().unwrap();
        let port = listeners.addresses()[0].port();
        for host in ["127.0.0.1", "::1"] {
            TcpStream::connect((host, port)).await.unwrap();
            accepting.accept().await.unwrap();
        }
    }
}
