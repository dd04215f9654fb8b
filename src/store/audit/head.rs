//! The end of the chain, also outside of the database: who deletes entries there has to reach this, too. The file has a MAC,
//! so that one who reaches it can't make it name another end.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use parking_lot::Mutex;

use crate::crypto::{KeyError, Keys};

/// The newest link. As text: `SEQ MAC`; the file has its own MAC behind that.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChainHead {
    /// The number of the newest entry; 0 if there is none.
    pub seq: i64,
    /// Its link.
    pub mac: String,
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.mac)
    }
}

impl FromStr for ChainHead {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.trim_end_matches('\n').split(' ');
        let (Some(seq), Some(mac), _, None) = (words.next(), words.next(), words.next(), words.next()) else {
            return Err("this is no checkpoint of an audit log".into());
        };
        Ok(Self {
            seq: seq.parse().map_err(|_| "the checkpoint does not begin with the number of an entry")?,
            mac: mac.to_owned(),
        })
    }
}

/// The mode of a file for its owner alone.
const OWN: u32 = 0o600;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// There is no file.
    Missing,
    /// It has no MAC: it was written by an earlier version, or the MAC was removed.
    Unsigned(ChainHead),
    Signed(ChainHead),
    /// Its MAC is not ours.
    Unauthentic,
}

impl Checkpoint {
    /// Reads the text of a file, or of a copy of it.
    pub fn parse(text: &str, keys: &Keys) -> Result<Self, String> {
        let head: ChainHead = text.parse()?;
        let Some(proof) = text.trim_end_matches('\n').splitn(3, ' ').nth(2) else {
            return Ok(Self::Unsigned(head));
        };
        let seq = head.seq.to_string();
        Ok(match keys.proves_access(proof, &parts(&seq, &head)) {
            true => Self::Signed(head),
            false => Self::Unauthentic,
        })
    }
}

fn parts<'a>(seq: &'a str, head: &'a ChainHead) -> [&'a [u8]; 3] {
    [b"audit checkpoint", seq.as_bytes(), head.mac.as_bytes()]
}

/// Held while the file is written: the unfinished file has one name.
static WRITING: Mutex<()> = Mutex::new(());

/// The file that has the newest head that was committed.
#[derive(Clone, Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// The file `audit-head` in that folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.join("audit-head"))
    }

    /// What it says; none if it was never written.
    pub fn read(&self) -> std::io::Result<Option<ChainHead>> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => text
                .parse()
                .map(Some)
                .map_err(|fault: String| std::io::Error::new(ErrorKind::InvalidData, fault)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What it says, and whether Telescope wrote it.
    pub fn check(&self, keys: &Keys) -> std::io::Result<Checkpoint> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => Checkpoint::parse(&text, keys)
                .map_err(|fault| std::io::Error::new(ErrorKind::InvalidData, fault)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Checkpoint::Missing),
            Err(error) => Err(error),
        }
    }

    /// Writes a head. The file has either the former or the new one at any moment, never half of one.
    pub fn write(&self, head: &ChainHead, keys: &Keys) -> std::io::Result<()> {
        let seq = head.seq.to_string();
        let failed = |error: KeyError| std::io::Error::other(error.to_string());
        let proof = keys.access_mac(&parts(&seq, head)).map_err(failed)?;
        let _alone = WRITING.lock();
        if let Some(folder) = self.0.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let new = self.0.with_extension("new");
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(OWN).open(&new)?;
        // One that an earlier Telescope left may be open to others.
        file.set_permissions(std::fs::Permissions::from_mode(OWN))?;
        writeln!(file, "{head} {proof}")?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::MasterKey;

    #[test]
    fn a_head_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::in_folder(folder.path());
        let keys = Keys::new(&MasterKey::generate().unwrap(), None);
        let other = Keys::new(&MasterKey::generate().unwrap(), None);
        assert_eq!((file.read().unwrap(), file.check(&keys).unwrap()), (None, Checkpoint::Missing));
        for (seq, mac) in [(0, ""), (7, "01234567.ab")] {
            let head = ChainHead { seq, mac: mac.into() };
            file.write(&head, &keys).unwrap();
            assert_eq!(file.read().unwrap(), Some(head.clone()));
            assert_eq!(file.check(&keys).unwrap(), Checkpoint::Signed(head.clone()));
            assert_eq!(file.check(&other).unwrap(), Checkpoint::Unauthentic);
            let signed = std::fs::read_to_string(folder.path().join("audit-head")).unwrap();
            let proof = signed.rsplit(' ').next().unwrap().to_owned();
            std::fs::write(folder.path().join("audit-head"), format!("{head}\n")).unwrap();
            assert_eq!(file.check(&keys).unwrap(), Checkpoint::Unsigned(head));
            std::fs::write(folder.path().join("audit-head"), format!("6 01234567.cd {proof}")).unwrap();
            assert_eq!(file.check(&keys).unwrap(), Checkpoint::Unauthentic);
        }
        let path = folder.path().join("audit-head");
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), OWN);
        let unfinished = path.with_extension("new");
        std::fs::write(&unfinished, "").unwrap();
        for open in [&path, &unfinished] {
            std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o666)).unwrap();
        }
        file.write(&ChainHead { seq: 8, mac: "ab".into() }, &keys).unwrap();
        assert_eq!(mode(), OWN, "closed to others again");
        for broken in ["", "7", "x y", "7 a b c"] {
            std::fs::write(folder.path().join("audit-head"), broken).unwrap();
            assert!(file.read().is_err(), "{broken:?}");
        }
    }
}
