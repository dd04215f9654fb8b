//! A real nginx in front of a server.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::postgres::unprivileged;
use super::waiting::until;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// A running reverse proxy. It is killed when it is dropped.
pub struct Nginx {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    proxy: Child,
}

impl Nginx {
    /// Starts one that passes everything on to `upstream` over kept connections, with buffering and compression on. `location` is more of the settings of its one location.
    pub async fn start(upstream: SocketAddr, location: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
            .concat();
        let settings = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/error.log;\nevents {{}}\nhttp {{\n\
             {temporary}access_log off;\ngzip on;\ngzip_types text/css text/javascript;\ngzip_min_length 1;\ngzip_proxied any;\n\
             upstream telescope {{ server {upstream}; keepalive 4; }}\n\
             server {{\nlisten {address};\nlocation / {{\nproxy_pass http://telescope;\nproxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\nproxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
             {location}\n}}\n}}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, settings).unwrap();
        let proxy = unprivileged("nginx")
            .args(["-e", &format!("{at}/error.log"), "-c"])
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .expect("the tests need nginx: apt-get install nginx-light");
        let proxy = Self { address, folder, proxy };
        until("nginx listens", START, async || TcpStream::connect(address).ok()).await;
        proxy
    }

    /// What it complained about.
    pub fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.errors());
        }
    }
}
