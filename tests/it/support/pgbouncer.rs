//! A real PgBouncer in front of the tests' Postgres.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::postgres::{Cluster, unprivileged};
use super::waiting::until;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// A running pooler. It is killed when it is dropped.
pub struct PgBouncer {
    address: SocketAddr,
    folder: tempfile::TempDir,
    pooler: Child,
}

impl PgBouncer {
    /// Starts one with this pool_mode. Of start-up parameters it knows only its own, as any does that nobody has told
    /// about more. With a certificate and its key it wants TLS.
    pub async fn start(cluster: &Cluster, mode: &str, tls: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut settings = format!(
            "[databases]\n* = host={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = users\npool_mode = {mode}\n",
            cluster.socket.display(),
            address.port()
        );
        if let Some((certificate, key)) = tls {
            std::fs::write(folder.path().join("cert.pem"), certificate).unwrap();
            std::fs::write(folder.path().join("key.pem"), key).unwrap();
            settings.push_str(
                "client_tls_sslmode = require\nclient_tls_cert_file = cert.pem\nclient_tls_key_file = key.pem\n",
            );
        }
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        std::fs::write(folder.path().join("users"), "\"postgres\" \"\"\n").unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let pooler = unprivileged("pgbouncer")
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("the tests need PgBouncer: apt-get install pgbouncer");
        let pooler = Self { address, folder, pooler };
        until("PgBouncer listens", START, async || TcpStream::connect(address).ok()).await;
        pooler
    }

    /// The address of a database behind it.
    pub fn dsn(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.address.port())
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.pooler.kill();
        let _ = self.pooler.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
    }
}
