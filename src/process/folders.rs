//! The folders that a Telescope keeps its files in: whose they are, and who else may change them.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The paths of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Folders<'a> {
    /// DATA_DIR.
    pub data: &'a Path,
    /// ACCOUNTS_DIR.
    pub accounts: &'a Path,
    /// The file of SQLite.
    pub database: Option<&'a Path>,
}

/// The user that a process runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct User(u32);

const ROOT: User = User(0);

impl Folders<'_> {
    /// Refuses to go on as another user than the files' owner: what this process made would be closed to the owner, or
    /// it could not write at all. The error is a sentence for the operator.
    pub fn check_owner(&self) -> Result<(), String> {
        let own = User(rustix::process::geteuid().as_raw());
        let named =
            [("DATA_DIR", Some(self.data)), ("ACCOUNTS_DIR", Some(self.accounts)), ("DB_DSN", self.database)];
        for (setting, path) in named.into_iter().filter_map(|(setting, path)| Some((setting, path?))) {
            check_owner_of(setting, path, own)?;
        }
        Ok(())
    }

    /// Refuses symbolic links where sessions are: removing an account destroys what is in its own folder, and what lies
    /// behind a link would stay. The error is a sentence for the operator.
    pub fn check_links(&self) -> Result<(), String> {
        // Without a slash at its end, behind which the link would be followed.
        let accounts: PathBuf = self.accounts.components().collect();
        if accounts.is_symlink() {
            let target = accounts.canonicalize().unwrap_or_default();
            return Err(format!(
                "ACCOUNTS_DIR: {} is a symbolic link. Set ACCOUNTS_DIR to the folder itself, {}.",
                accounts.display(),
                target.display()
            ));
        }
        let entries = std::fs::read_dir(&accounts).into_iter().flatten().flatten();
        let link = entries.map(|entry| entry.path()).find(|path| path.is_symlink());
        link.map_or(Ok(()), |link| {
            Err(format!(
                "ACCOUNTS_DIR: {} is a symbolic link, so removing the account would leave its files behind. Move the \
                 folder itself there.",
                link.display()
            ))
        })
    }

    /// Sentences about folders that other users of the machine may change.
    pub fn warnings(&self) -> Vec<String> {
        let named = [("DATA_DIR", self.data), ("ACCOUNTS_DIR", self.accounts)];
        let open = named.into_iter().filter_map(|(setting, path)| {
            let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o7777;
            (mode & 0o022 != 0).then(|| {
                format!(
                    "{setting}: other users of this machine may change what is in {0} (its mode is {mode:04o}). Close \
                     it: chmod go-w {0}",
                    path.display()
                )
            })
        });
        open.collect()
    }
}

fn check_owner_of(setting: &str, path: &Path, own: User) -> Result<(), String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some((there, found)) = path.ancestors().find_map(|it| Some((it, std::fs::metadata(it).ok()?))) else {
        return Ok(());
    };
    let owner = User(found.uid());
    // What is still to be made in a folder of another user matters only for root, which may make it anywhere.
    if owner == own || (there != path && own != ROOT) {
        return Ok(());
    }
    let (shown, owner_name, own_name) = (there.display(), name(owner), name(own));
    if own == ROOT {
        return Err(format!(
            "{setting}: {shown} belongs to {owner_name}, and this runs as root, which would leave files there that \
             {owner_name} can't use. Run it as {owner_name}, for example with sudo -u."
        ));
    }
    if is_usable(there, &found) {
        return Ok(());
    }
    Err(format!(
        "{setting}: {shown} belongs to {owner_name}, and this runs as {own_name}, which may not write there. Run it as \
         {owner_name}, or give the files to {own_name} with chown -R."
    ))
}

/// Whether this process may write a file, or make files in a folder.
fn is_usable(path: &Path, found: &Metadata) -> bool {
    let needed =
        if found.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::READ_OK | Access::WRITE_OK };
    access(path, needed).is_ok()
}

/// A user's name, or its number if this system has no name for it.
fn name(user: User) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user.0)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {}", user.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_where_the_system_knows_them() {
        assert_eq!(name(ROOT), "root");
        assert_eq!(name(User(4_000_000_000)), "user 4000000000");
    }

    #[test]
    fn another_users_files_are_left_alone_and_ones_own_are_not() {
        let home = tempfile::tempdir().unwrap();
        let own = User(std::fs::metadata(home.path()).unwrap().uid());
        let other = User(own.0 + 1);
        let missing = home.path().join("data/telescope.db");
        for path in [home.path(), &missing] {
            assert_eq!(check_owner_of("DATA_DIR", path, own), Ok(()));
        }
        if own != ROOT {
            let fault = check_owner_of("DATA_DIR", &missing, ROOT).unwrap_err();
            assert!(fault.contains("runs as root") && fault.contains(&name(own)), "{fault}");
        }
        assert_eq!(check_owner_of("DATA_DIR", &missing, other), Ok(()), "the system says whether it may");
        assert_eq!(check_owner_of("DATA_DIR", home.path(), other), Ok(()), "a folder that it may write to");
    }

    #[test]
    fn links_are_found_at_both_places() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        let folders = |accounts: &Path| Folders { data: &real, accounts, database: None }.check_links();
        assert_eq!(folders(&real), Ok(()), "not there yet");
        std::fs::create_dir_all(real.join("f00d")).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(folders(&real), Ok(()));
        for path in [link.clone(), link.join("")] {
            let fault = folders(&path).unwrap_err();
            assert!(fault.contains("link is a symbolic link") && fault.contains("real"), "{fault}");
        }
        std::os::unix::fs::symlink(home.path(), real.join("beef")).unwrap();
        assert!(folders(&real).unwrap_err().contains("real/beef is a symbolic link"));
    }

    #[test]
    fn folders_that_others_may_change_are_told() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders { data: home.path(), accounts: &home.path().join("accounts"), database: None };
        for (mode, told) in [(0o700, 0), (0o755, 0), (0o775, 1), (0o777, 1), (0o1777, 1)] {
            std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(folders.warnings().len(), told, "{mode:o}");
        }
        assert!(folders.warnings()[0].contains("1777"), "{:?}", folders.warnings());
    }
}
