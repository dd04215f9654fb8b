//! Moves the process to an empty network.
//!
//! TDLib contacts public servers when its proxy does not answer, and it has Telegram's addresses compiled in. In a network
//! namespace with nothing but loopback it cannot reach them. Root can create one directly; other users need a user
//! namespace around it, in which they keep their own id.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use nix::unistd::{getgid, getuid};
use std::os::fd::AsRawFd as _;

/// What the kernel denied.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No namespace.
    #[error("unshare: {0}")]
    Unshare(Errno),
    /// The user or group id could not be mapped.
    #[error("{0}: {1}")]
    Map(&'static str, io::Error),
    /// Loopback could not be enabled.
    #[error("loopback: {0}")]
    Loopback(Errno),
    /// Telegram's addresses could not be added.
    #[error("addresses: {0}")]
    Addresses(Errno),
}

/// Moves this process, which must have only one thread, to an empty network with loopback.
pub(super) fn leave() -> Result<(), NetworkError> {
    if getuid().is_root() {
        unshare(CloneFlags::CLONE_NEWNET).map_err(NetworkError::Unshare)?;
    } else {
        let (user, group) = (getuid(), getgid());
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(NetworkError::Unshare)?;
        let map = |path: &'static str, text: String| {
            fs::write(path, text).map_err(|error| NetworkError::Map(path, error))
        };
        map("/proc/self/setgroups", "deny".to_owned())?;
        map("/proc/self/uid_map", format!("{user} {user} 1"))?;
        map("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    loopback_up().map_err(NetworkError::Loopback)
}

const RTM_NEWLINK: u16 = 16;
const RTM_NEWROUTE: u16 = 24;
const NLMSG_ERROR: u16 = 2;
const REQUEST_AND_ACK: u16 = 1 | 4;
const CREATE: u16 = 0x400;
const LOOPBACK: i32 = 1;
const UP: u32 = 1;

/// `ip link set lo up`, as one netlink message: the header, then `ifinfomsg`.
fn loopback_up() -> Result<(), Errno> {
    let mut body = vec![0; 4]; // family, padding, type
    body.extend(LOOPBACK.to_ne_bytes());
    body.extend(UP.to_ne_bytes()); // flags
    body.extend(UP.to_ne_bytes()); // which of them change
    ask_kernel(RTM_NEWLINK, REQUEST_AND_ACK, &body)
}

/// Makes Telegram's addresses those of this network: `ip route add local 149.154.160.0/20 dev lo`, as `rtmsg` and its
/// attributes. TDLib knows the addresses of the data centres, which are all in this range.
pub(super) fn become_telegram() -> Result<(), NetworkError> {
    const INET: u8 = 2;
    const LOCAL_TABLE: u8 = 255;
    const BOOT: u8 = 3;
    const HOST_SCOPE: u8 = 254;
    const LOCAL: u8 = 2;
    const DESTINATION: u16 = 1;
    const DEVICE: u16 = 4;
    let mut body = vec![INET, 20, 0, 0, LOCAL_TABLE, BOOT, HOST_SCOPE, LOCAL];
    body.extend([0; 4]); // flags
    body.extend(8u16.to_ne_bytes());
    body.extend(DESTINATION.to_ne_bytes());
    body.extend([149, 154, 160, 0]);
    body.extend(8u16.to_ne_bytes());
    body.extend(DEVICE.to_ne_bytes());
    body.extend(LOOPBACK.to_ne_bytes());
    ask_kernel(RTM_NEWROUTE, REQUEST_AND_ACK | CREATE, &body).map_err(NetworkError::Addresses)
}

/// Sends a netlink message and waits for its acknowledgement.
fn ask_kernel(kind: u16, flags: u16, body: &[u8]) -> Result<(), Errno> {
    let length = u32::try_from(body.len()).map_err(|_| Errno::EMSGSIZE)?.saturating_add(16);
    let mut message = Vec::with_capacity(64);
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]); // sequence number, port
    message.extend(body);

    let netlink =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let kernel = NetlinkAddr::new(0, 0);
    sendto(netlink.as_raw_fd(), &message, &kernel, MsgFlags::empty())?;
    let mut answer = [0; 256];
    let length = recv(netlink.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    acknowledged(answer.get(..length).unwrap_or_default())
}

/// The kernel answers with an error message; code 0 means success.
fn acknowledged(answer: &[u8]) -> Result<(), Errno> {
    let mut rest = crate::bytes::Reader(answer);
    let kind = rest.take(4).and_then(|_| rest.array::<2>()).map(u16::from_ne_bytes);
    let code = rest.take(10).and_then(|_| rest.array::<4>()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(code)) => Err(Errno::from_raw(code.saturating_neg())),
        _ => Err(Errno::EPROTO),
    }
}
