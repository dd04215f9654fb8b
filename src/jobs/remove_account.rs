//! Removing an account: the order of the steps. Pure.
//!
//! First the session is ended at Telegram, as long as there are the files to do it with; then the files go, and
//! only when nothing is left that could resume the session is the number free to be added again.

/// A step of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveStep {
    /// End the session at Telegram.
    LogOut,
    /// Stop the client and destroy its folder.
    Destroy,
    /// Forget the account's secrets and make its row a tombstone.
    Forget,
}

impl RemoveStep {
    /// The step that a job stands at.
    pub fn from_cursor(cursor: Option<&str>) -> Option<Self> {
        [Self::LogOut, Self::Destroy, Self::Forget].into_iter().find(|step| Some(step.name()) == cursor)
    }

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogOut => "log-out",
            Self::Destroy => "destroy",
            Self::Forget => "forget",
        }
    }

    /// The step after it.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::LogOut => Some(Self::Destroy),
            Self::Destroy => Some(Self::Forget),
            Self::Forget => None,
        }
    }

    /// The cursor after it.
    pub fn next_cursor(self) -> Option<&'static str> {
        self.next().map(Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_ends_before_its_files_and_those_before_the_number_is_free() {
        let mut step = RemoveStep::from_cursor(Some("log-out"));
        let mut names = Vec::new();
        while let Some(present) = step {
            names.push(present.name());
            assert_eq!(RemoveStep::from_cursor(present.next_cursor()), present.next());
            step = present.next();
        }
        assert_eq!(names, ["log-out", "destroy", "forget"]);
        assert_eq!(RemoveStep::from_cursor(None), None);
        assert_eq!(RemoveStep::from_cursor(Some("else")), None);
    }
}
