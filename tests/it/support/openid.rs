//! A real OpenID provider: the program `oidc-provider`, which `scripts/test-tools.sh` installs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{root, target};

/// For a browser this is a different host than Telescope's, as in production, so cookies are sent accordingly.
const HOST: &str = "127.0.0.2";
/// Telescope's client ID.
pub const CLIENT: &str = "telescope";
/// Telescope's client secret.
pub const SECRET: &str = "a secret: 100%+";

/// A running provider. It ends when it is dropped.
pub struct OpenId {
    child: Child,
    /// Its issuer.
    pub issuer: String,
}

impl OpenId {
    /// Starts a provider with the Telescope at this address as its client.
    pub fn start(telescope: &str) -> Self {
        let library = target().join("openid-provider/node_modules/oidc-provider/lib/index.js");
        assert!(library.exists(), "{}: `scripts/test-tools.sh` fetches it", library.display());
        let mut child = Command::new("node")
            .arg(root().join("tests/openid-provider/serve.mjs"))
            .arg(library)
            .args([HOST, "0", CLIENT, SECRET, telescope])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts; npm brings it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening at ").map(str::to_owned))
            .expect("the provider says where it listens");
        // Its output is read to the end; otherwise it would block once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, issuer }
    }
}

impl Drop for OpenId {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
