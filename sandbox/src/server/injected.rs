//! Errors that tests inject: the next calls of a method fail with them.

use parking_lot::Mutex;

use crate::backend::PhoneNumber;
use crate::error::RpcError;

/// The name of an injected error that means: the request is not carried out, and gets no answer.
pub(crate) const REQUEST_LOST: &str = "REQUEST_LOST";
/// The same for: it is carried out, and gets no answer.
pub(crate) const ANSWER_LOST: &str = "ANSWER_LOST";
/// Injected errors that are kept at the same time.
const MAX_INJECTED: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InjectedError {
    /// Such as `auth.sendCode`; `*` matches every method.
    pub(crate) method: String,
    /// Only calls for this number; `None` for all calls.
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) error: RpcError,
    /// How many calls are still to fail.
    pub(crate) times: u32,
}

impl InjectedError {
    fn matches(&self, method: &str, number: Option<&PhoneNumber>) -> bool {
        (self.method == "*" || self.method == method)
            && (self.number.is_none() || self.number.as_ref() == number)
    }
}

#[derive(Debug, Default)]
pub(crate) struct InjectedErrors(Mutex<Vec<InjectedError>>);

impl InjectedErrors {
    pub(crate) fn add(&self, error: InjectedError) {
        let mut errors = self.0.lock();
        if error.times > 0 && errors.len() < MAX_INJECTED {
            errors.push(error);
        }
    }

    /// The error that this call has to fail with, if there is one. It counts as used.
    pub(crate) fn take(&self, method: &str, number: Option<&PhoneNumber>) -> Option<RpcError> {
        let mut errors = self.0.lock();
        let at = errors.iter().position(|error| error.matches(method, number))?;
        let injected = errors.get_mut(at)?;
        injected.times -= 1;
        let (error, used_up) = (injected.error.clone(), injected.times == 0);
        if used_up {
            errors.remove(at);
        }
        Some(error)
    }

    pub(crate) fn all(&self) -> Vec<InjectedError> {
        self.0.lock().clone()
    }
}
