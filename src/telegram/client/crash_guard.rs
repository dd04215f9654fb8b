//! Finds the account that makes TDLib crash. Pure.
//!
//! When a host crashes, every account that was being loaded in it is a suspect. From then on a suspect is loaded alone,
//! so that the next crash can be attributed to it. An account that loads successfully is no longer a suspect.

/// An account is quarantined after this many crashes while it was being loaded.
const ENOUGH: u8 = 3;

/// The crashes that an account is suspected of.
#[derive(Debug, Default)]
pub(super) struct CrashGuard {
    count: u8,
    /// The host process that is loading it.
    loading_in: Option<u64>,
}

impl CrashGuard {
    /// The host of this generation begins to load the account.
    pub(super) fn loading(&mut self, generation: u64) {
        self.loading_in = Some(generation);
    }

    /// The account was loaded.
    pub(super) fn loaded(&mut self) {
        *self = Self::default();
    }

    /// The client ended, but not because its host died.
    pub(super) fn interrupted(&mut self) {
        self.loading_in = None;
    }

    /// There is a new host; `crashed` is the newest generation that crashed.
    pub(super) fn new_host(&mut self, crashed: u64) {
        if self.loading_in.take().is_some_and(|generation| generation <= crashed) {
            self.count += 1;
        }
    }

    /// Whether the account has to be loaded alone.
    pub(super) const fn is_suspect(&self) -> bool {
        self.count > 0
    }

    /// Whether the account must not be loaded any more.
    pub(super) const fn is_quarantined(&self) -> bool {
        self.count >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_quarantined_after_three_crashes_while_loading() {
        let mut crash_guard = CrashGuard::default();
        for generation in 1..=3 {
            assert!(!crash_guard.is_quarantined());
            crash_guard.loading(generation);
            crash_guard.new_host(generation);
            assert!(crash_guard.is_suspect());
        }
        assert!(crash_guard.is_quarantined());
    }

    #[test]
    fn an_account_that_was_loaded_is_not_suspected() {
        let mut crash_guard = CrashGuard::default();
        for generation in 1..=9 {
            crash_guard.loading(generation);
            crash_guard.new_host(generation);
            crash_guard.loading(generation + 1);
            crash_guard.loaded();
            assert!(!crash_guard.is_suspect());
        }
    }

    #[test]
    fn only_crashes_while_loading_count() {
        let mut crash_guard = CrashGuard::default();
        for generation in 2..=9 {
            crash_guard.loading(generation);
            crash_guard.new_host(1);
        }
        assert!(!crash_guard.is_suspect(), "an older crash does not count");
        crash_guard.loading(10);
        crash_guard.interrupted();
        crash_guard.new_host(10);
        assert!(!crash_guard.is_suspect());
    }
}
