//! A real Squid, as the only way out of a company's network.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::postgres::unprivileged;
use super::waiting::until;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// The name of a Squid for its shared memory, which all networks have in common. A killed Squid leaves files of its name,
/// with which no other of that name starts, so they are deleted before it starts and when this is dropped.
pub struct SharedMemory(String);

impl SharedMemory {
    pub fn new(name: &str) -> Self {
        let memory = Self(format!("telescope{name}"));
        memory.delete();
        memory
    }

    pub fn name(&self) -> &str {
        &self.0
    }

    fn delete(&self) {
        let prefix = format!("{}-", self.0);
        for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        self.delete();
    }
}

/// A running proxy. It is killed when it is dropped.
pub struct Squid {
    address: SocketAddr,
    _memory: SharedMemory,
    folder: tempfile::TempDir,
    proxy: Child,
}

impl Squid {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at = folder.path().display();
        let settings = format!(
            "http_port {address}\nhttp_access allow all\ncache deny all\naccess_log stdio:{at}/access.log\n\
             cache_log {at}/cache.log\npid_filename none\nnetdb_filename none\npinger_enable off\n\
             coredump_dir {at}\nvisible_hostname proxy.example.org\nshutdown_lifetime 0 seconds\n"
        );
        let file = folder.path().join("squid.conf");
        std::fs::write(&file, settings).unwrap();
        let memory = SharedMemory::new(&address.port().to_string());
        let proxy = unprivileged("squid")
            .args(["-n", memory.name(), "-N", "-f"])
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests need Squid: apt-get install squid");
        let proxy = Self { address, _memory: memory, folder, proxy };
        until("Squid listens", START, async || TcpStream::connect(address).ok()).await;
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until its log says that it connected a client with this host and port.
    pub async fn until_it_connected(&self, target: &str) {
        let connected = format!("CONNECT {target} ");
        until("Squid has written its log", START, async || {
            let log = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
            log.contains(&connected).then_some(())
        })
        .await;
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
        if std::thread::panicking() {
            eprintln!(
                "{}",
                std::fs::read_to_string(self.folder.path().join("cache.log")).unwrap_or_default()
            );
        }
    }
}
