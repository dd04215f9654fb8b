//! Real proxy programs in the network of a stack, which reach its sandbox at Telegram's own addresses.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::squid::SharedMemory;
use super::stack::Stack;
use super::waiting::until;

/// The user name that each proxy requires.
pub const USER: &str = "telescope";
/// How long a proxy may take to start.
const START: Duration = Duration::from_secs(60);

/// Which program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// SOCKS5.
    Microsocks,
    /// HTTP.
    Squid,
}

/// A running proxy. It is killed when it is dropped.
pub struct Proxy {
    program: Program,
    port: u16,
    password: String,
    namespace: i32,
    folder: tempfile::TempDir,
    memory: SharedMemory,
    child: Child,
}

impl Proxy {
    /// Starts a proxy at a port of the stack's network, and waits until it listens.
    pub async fn start(stack: &Stack, program: Program, port: u16, password: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let namespace = stack.server_pid();
        let memory = SharedMemory::new(&format!("{namespace}at{port}"));
        let child = spawn(program, namespace, (port, password), (folder.path(), memory.name()));
        let proxy = Self { program, port, password: password.to_owned(), namespace, folder, memory, child };
        proxy.until_it_listens().await;
        proxy
    }

    /// The fields of the form with which it is added.
    pub fn form<'a>(&'a self, name: &'a str, port: &'a str) -> [(&'a str, &'a str); 7] {
        assert_eq!(port, self.port.to_string());
        let kind = match self.program {
            Program::Microsocks => "socks5",
            Program::Squid => "http",
        };
        [
            ("name", name),
            ("kind", kind),
            ("host", "127.0.0.1"),
            ("port", port),
            ("username", USER),
            ("secret", &self.password),
            ("step", "save"),
        ]
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub async fn start_again(&mut self) {
        let login = (self.port, self.password.as_str());
        self.memory = SharedMemory::new(&format!("{}at{}", self.namespace, self.port));
        self.child = spawn(self.program, self.namespace, login, (self.folder.path(), self.memory.name()));
        self.until_it_listens().await;
    }

    /// How many connections to Telegram it has made so far.
    pub fn connections(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        match self.program {
            Program::Microsocks => log.matches("connected to 149.154.").count(),
            Program::Squid => log.matches("CONNECT 149.154.").count(),
        }
    }

    async fn until_it_listens(&self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        until("the proxy listens", START, async || listens(self.namespace, address).then_some(())).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process of that network listens there.
fn listens(namespace: i32, address: SocketAddr) -> bool {
    let table = std::fs::read_to_string(format!("/proc/{namespace}/net/tcp")).unwrap_or_default();
    let local = [format!("0100007F:{:04X} ", address.port()), format!("00000000:{:04X} ", address.port())];
    table.lines().any(|line| local.iter().any(|local| line.contains(local)) && line.contains(" 0A "))
}

fn spawn(
    program: Program,
    namespace: i32,
    (port, password): (u16, &str),
    (folder, memory): (&Path, &str),
) -> Child {
    let mut command = inside(namespace);
    match program {
        Program::Microsocks => {
            command.arg("microsocks").args(["-i", "127.0.0.1", "-p", &port.to_string()]);
            command.args(["-u", USER, "-P", password]);
        }
        Program::Squid => {
            command.args(["squid", "-n", memory, "-N", "-f"]).arg(squid(port, password, folder));
        }
    }
    let log = || std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null());
    match program {
        Program::Microsocks => command.stderr(log()),
        // It writes its log itself, as another user.
        Program::Squid => command.stderr(Stdio::null()),
    };
    command
        .spawn()
        .expect("the tests need nsenter, microsocks and Squid: scripts/test-tools.sh installs them")
}

/// A command in the network of that process. Without root, its user namespace is entered as well.
fn inside(namespace: i32) -> Command {
    let mut command = Command::new("nsenter");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.args(["--net", "--target", &namespace.to_string(), "--"]);
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
    command
}

/// Squid's settings, with a program that checks the password.
fn squid(port: u16, password: &str, folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let checker = folder.join("check");
    let script = format!(
        "#!/bin/sh\nwhile read -r login; do\n[ \"$login\" = '{USER} {password}' ] && echo OK || echo ERR\ndone\n"
    );
    std::fs::write(&checker, script).unwrap();
    std::fs::set_permissions(&checker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let at = folder.display();
    let settings = format!(
        "http_port 127.0.0.1:{port}\nauth_param basic program {at}/check\nauth_param basic children 1 startup=1\n\
         acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\ncache deny all\n\
         access_log stdio:{at}/log\nlogfile_rotate 0\nbuffered_logs off\ncache_log {at}/cache.log\npid_filename none\nnetdb_filename none\n\
         pinger_enable off\ncoredump_dir {at}\nvisible_hostname proxy.example.org\nshutdown_lifetime 0 seconds\n"
    );
    let file = folder.join("squid.conf");
    std::fs::write(&file, settings).unwrap();
    file
}
