//! Which account makes TDLib crash. Pure.
//!
//! When a host crashes, every account that was being loaded in it is a suspect. A suspect is loaded alone
//! from then on, so that the next crash has one culprit only; an account that was loaded is innocent.

/// Crashes while it was loaded, after which an account is left alone.
const ENOUGH: u8 = 3;

/// The deaths that an account is suspected of.
#[derive(Debug, Default)]
pub(super) struct CrashGuard {
    count: u8,
    /// The host process that is loading it.
    loading_in: Option<u64>,
}

impl CrashGuard {
    /// The host of that generation begins to load the account.
    pub(super) fn loading(&mut self, generation: u64) {
        self.loading_in = Some(generation);
    }

    /// The account was loaded, or ended in another way than by its host's death.
    pub(super) fn loaded(&mut self) {
        *self = Self::default();
    }

    /// The client's life is over, but not because of its host.
    pub(super) fn interrupted(&mut self) {
        self.loading_in = None;
    }

    /// There is a new host; `crashed` is the newest generation that ended by a fault of its own.
    pub(super) fn new_host(&mut self, crashed: u64) {
        if self.loading_in.take().is_some_and(|generation| generation <= crashed) {
            self.count += 1;
        }
    }

    /// Whether it has to be loaded alone.
    pub(super) const fn is_suspect(&self) -> bool {
        self.count > 0
    }

    /// Whether it has to be left alone.
    pub(super) const fn is_quarantined(&self) -> bool {
        self.count >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_crashes_while_loading_are_enough() {
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
    fn an_account_that_was_loaded_is_innocent() {
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
    fn a_host_that_was_ended_is_nobodys_fault() {
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
