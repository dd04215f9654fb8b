//! The end of the chain, and the file that keeps it outside the database, where someone who can only write to the
//! database can't change it.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use parking_lot::Mutex;

/// The end of the chain. As text: `SEQ MAC`.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChainHead {
    /// The number of the newest entry; 0 if there is none.
    pub seq: i64,
    /// Its MAC.
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
        let (seq, mac) =
            text.trim_end_matches('\n').split_once(' ').ok_or("not a checkpoint of an audit log")?;
        Ok(Self {
            seq: seq.parse().map_err(|_| "the checkpoint does not begin with the number of an entry")?,
            mac: mac.to_owned(),
        })
    }
}

/// Held while the file is written: the temporary file has a fixed name.
static WRITING: Mutex<()> = Mutex::new(());

/// The file with the newest committed head.
#[derive(Clone, Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// The file `audit-head` in that folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.join("audit-head"))
    }

    /// Its content; none if it was never written.
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

    /// Writes a head atomically.
    pub fn write(&self, head: &ChainHead) -> std::io::Result<()> {
        let _alone = WRITING.lock();
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = self.0.with_extension("new");
        let mut file = std::fs::File::create(&new)?;
        writeln!(file, "{head}")?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_head_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::in_folder(folder.path());
        assert_eq!(file.read().unwrap(), None);
        for (seq, mac) in [(0, ""), (7, "01234567.ab")] {
            let head = ChainHead { seq, mac: mac.into() };
            file.write(&head).unwrap();
            assert_eq!(file.read().unwrap(), Some(head));
        }
        for broken in ["", "7", "x y"] {
            std::fs::write(folder.path().join("audit-head"), broken).unwrap();
            assert!(file.read().is_err(), "{broken:?}");
        }
    }
}
