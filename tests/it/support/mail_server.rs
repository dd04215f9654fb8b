//! A real mail server: the program `aiosmtpd`, which `scripts/test-tools.sh` installs.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{root, target};

pub const USER: &str = "telescope";
pub const PASSWORD: &str = "p@ss/word";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    Implicit,
    StartTls,
    None,
}

/// A running server. It ends when it is dropped.
pub struct MailServer {
    child: Child,
    pub port: u16,
    /// The certificate of the authority that signed the server's.
    pub authority: PathBuf,
    folder: tempfile::TempDir,
}

impl MailServer {
    /// A server with a certificate for `localhost`; an encrypted one requires [`USER`] and [`PASSWORD`].
    pub fn start(encryption: Encryption) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [authority, certificate, key] =
            ["ca.pem", "mail.pem", "key.pem"].map(|name| folder.path().join(name));
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let own = KeyPair::generate().unwrap();
        let signed =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
        std::fs::write(&authority, issuer.pem()).unwrap();
        std::fs::write(&certificate, signed.pem()).unwrap();
        std::fs::write(&key, own.serialize_pem()).unwrap();

        let mut command = Command::new(target().join("mail-server/bin/python"));
        command.arg(root().join("tests/mail-server/serve.py")).arg(folder.path());
        if encryption != Encryption::None {
            command.arg("--certificate").arg(&certificate).arg("--key").arg(&key);
            command.args(["--user", USER, "--password", PASSWORD]);
        }
        if encryption == Encryption::Implicit {
            command.arg("--implicit");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`scripts/test-tools.sh` installs the mail server");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        let port = line.strip_prefix("listening at ").unwrap().parse().unwrap();
        Self { child, port, authority, folder }
    }

    /// The e-mail with this number, from 1. The server keeps it before it confirms it.
    pub fn email(&self, number: usize) -> String {
        let file = self.folder.path().join(format!("{number}.eml"));
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("e-mail {number}: {error}"))
    }

    pub fn count(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".eml")).count()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
