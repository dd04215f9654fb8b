//! Identifies a process by more than its pid, so that a later process on the same machine can tell whether it is dead
//! although pids are reused.

use std::fmt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process. Values that the system does not provide are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The host name, for people.
    pub host: String,
    pub pid: i32,
    /// The boot id: differs with each boot of the machine.
    boot: String,
    /// The pid namespace: each container has its own process 1.
    namespace: String,
    /// The start time of the process, in the kernel's clock ticks.
    start: String,
}

impl Identity {
    pub fn own() -> Self {
        let read = |path: &str| word(&std::fs::read_to_string(path).unwrap_or_default());
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        Self {
            host: read("/proc/sys/kernel/hostname"),
            pid,
            boot: read("/proc/sys/kernel/random/boot_id"),
            namespace: word(&namespace.to_string_lossy()),
            start: stat(pid).map(|stat| stat.start).unwrap_or_default(),
        }
    }

    /// Parses the output of [`Display`](fmt::Display); other words around it are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            text.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        Some(Self {
            host: value("host")?,
            pid: value("pid")?.parse().ok()?,
            boot: value("boot")?,
            namespace: value("namespace")?,
            start: value("start")?,
        })
    }

    /// Whether this process ran on the same machine and in the same pid namespace as `own`, and is dead. If that is
    /// unknown, it counts as alive.
    pub fn is_gone(&self, own: &Self) -> bool {
        let comparable = [(&self.boot, &own.boot), (&self.namespace, &own.namespace)];
        if self.start.is_empty() || comparable.iter().any(|(its, ours)| its != ours || its.is_empty()) {
            return false;
        }
        let Some(pid) = Some(self.pid).filter(|pid| *pid > 0).and_then(Pid::from_raw) else {
            return false;
        };
        if test_kill_process(pid) == Err(Errno::SRCH) {
            return true;
        }
        // Some systems hide other users' processes; the pid is in use, so it may be this process.
        stat(self.pid).is_some_and(|stat| stat.dead || stat.start != self.start)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, pid, boot, namespace, start } = self;
        write!(f, "host={host} pid={pid} boot={boot} namespace={namespace} start={start}")
    }
}

/// The characters of a text that are allowed in a word.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(100).collect()
}

struct Stat {
    /// Ended, but not reaped by its parent yet: it holds no resources any more.
    dead: bool,
    start: String,
}

/// The kernel's status of a process.
fn stat(pid: i32) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain any characters; the state follows it, the start time 19 fields later.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let dead = matches!(fields.next()?, "Z" | "X");
    Some(Stat { dead, start: word(fields.nth(18)?) })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_finds_itself_alive() {
        let own = Identity::own();
        assert_eq!(Identity::parse(&format!("telescope {own} since=1")), Some(own.clone()));
        for value in [&own.host, &own.boot, &own.namespace, &own.start] {
            assert!(!value.is_empty(), "{own}");
        }
        assert!(!own.is_gone(&own));
        assert_eq!(Identity::parse("unknown"), None);
        assert_eq!(Identity::parse(""), None);
    }

    #[test]
    fn a_reused_pid_is_recognised() {
        let own = Identity::own();
        let before = Identity { start: "1".into(), ..own.clone() };
        assert!(before.is_gone(&own));
        for unknown in [
            Identity { boot: "another".into(), ..before.clone() },
            Identity { namespace: "another".into(), ..before.clone() },
            Identity { start: String::new(), ..before.clone() },
            Identity { pid: 0, ..before.clone() },
            Identity { pid: -1, ..before.clone() },
        ] {
            assert!(!unknown.is_gone(&own), "{unknown}");
        }
        let blind = Identity { boot: String::new(), ..own };
        assert!(!Identity { boot: String::new(), ..before }.is_gone(&blind), "nothing is known");
    }

    #[test]
    fn a_process_that_ended_is_gone_before_it_is_reaped() {
        let own = Identity::own();
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let named = Identity { pid, start: stat(pid).unwrap().start, ..own.clone() };
        assert!(!named.is_gone(&own));
        drop(child.stdin.take());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !named.is_gone(&own) {
            assert!(std::time::Instant::now() < deadline, "not gone yet");
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(named.is_gone(&own));
    }
}
