//! Identifies a process beyond its number, so that a later one on the same machine can tell whether it is
//! gone, though numbers are used again.

use std::fmt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process, as another one on the same machine finds it again. What this system does not tell is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name of the machine, for people.
    pub host: String,
    /// The process' number.
    pub pid: i32,
    /// Differs with each start of the machine.
    boot: String,
    /// Within what the number counts: two containers both have a process 1.
    namespace: String,
    /// When the process started, in the kernel's count.
    start: String,
}

impl Identity {
    /// This process.
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

    /// Reads what [`Display`](fmt::Display) wrote; other words around it are passed over.
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

    /// Whether this process ran on the same machine as `own`, among the same numbers, and is gone. If that can't
    /// be told, it is taken to live.
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
        // Some systems hide the processes of others; the number is in use, so it may be this one.
        stat(self.pid).is_some_and(|stat| stat.dead || stat.start != self.start)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, pid, boot, namespace, start } = self;
        write!(f, "host={host} pid={pid} boot={boot} namespace={namespace} start={start}")
    }
}

/// What a text has that may stand in a word.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(100).collect()
}

struct Stat {
    /// Ended, though its parent has not looked yet: it holds nothing any more.
    dead: bool,
    start: String,
}

/// What the kernel says of a process.
fn stat(pid: i32) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything; the state follows it, the start 19 fields later.
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
    fn another_that_has_the_number_of_one_that_is_gone_is_told_from_it() {
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
    fn a_process_that_ended_is_gone_also_before_its_parent_looks() {
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
