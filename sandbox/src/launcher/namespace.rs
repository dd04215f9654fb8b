//! Leaving the network, so that TDLib can reach nothing but this machine's loopback.
//!
//! When a proxy is silent, TDLib asks public hosts for new server addresses, directly. In a network namespace
//! of its own it has no way to. A socket keeps the namespace it was made in: whatever was bound before stays
//! reachable from outside, whatever is bound afterwards is not.

use std::io;
use std::os::fd::AsRawFd;

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType};
use nix::sys::socket::{bind, recv, sendto, socket};
use nix::unistd::{getegid, geteuid};

/// Moves this process into a network namespace of its own with nothing but loopback in it.
///
/// Must be called while the process has one thread. As root only the network changes; as anybody else a user
/// namespace is needed too, in which the user keeps the own id: nobody becomes root by it.
pub fn leave_network() -> io::Result<()> {
    let as_root = geteuid().is_root() && unshare(CloneFlags::CLONE_NEWNET).is_ok();
    if !as_root {
        let (uid, gid) = (geteuid(), getegid());
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    }
    loopback_up()
}

/// What `ip link set lo up` does: one message to the kernel.
fn loopback_up() -> io::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const NLMSG_ERROR: u16 = 2;
    const REQUEST_WITH_ACK: u16 = 1 | 4;
    const LOOPBACK_INDEX: i32 = 1;
    const IFF_UP: u32 = 1;

    let netlink =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let here = NetlinkAddr::new(0, 0);
    bind(netlink.as_raw_fd(), &here)?;

    // struct nlmsghdr, then struct ifinfomsg.
    let mut message = Vec::with_capacity(32);
    message.extend_from_slice(&32_u32.to_ne_bytes());
    message.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message.extend_from_slice(&REQUEST_WITH_ACK.to_ne_bytes());
    message.extend_from_slice(&1_u32.to_ne_bytes());
    message.extend_from_slice(&0_u32.to_ne_bytes());
    message.extend_from_slice(&[0, 0, 0, 0]);
    message.extend_from_slice(&LOOPBACK_INDEX.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    sendto(netlink.as_raw_fd(), &message, &here, MsgFlags::empty())?;

    let mut answer = [0_u8; 256];
    let length = recv(netlink.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    match answer.get(..length) {
        // struct nlmsgerr: a header, then minus the error number.
        Some([_, _, _, _, k0, k1, _, _, _, _, _, _, _, _, _, _, a, b, c, d, ..])
            if u16::from_ne_bytes([*k0, *k1]) == NLMSG_ERROR =>
        {
            match i32::from_ne_bytes([*a, *b, *c, *d]) {
                0 => Ok(()),
                error => Err(io::Error::from_raw_os_error(-error)),
            }
        }
        _ => Err(io::Error::other("the kernel's answer about the loopback was not understood")),
    }
}
