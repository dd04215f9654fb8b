//! The result of a change whose rejection may have to be recorded, too: the transaction is committed either way.

#[derive(Debug)]
#[must_use]
pub enum Applied<T, R> {
    Done(T),
    Rejected(R),
}

impl<T, R> Applied<T, R> {
    pub(crate) fn into_result(self) -> Result<T, R> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Rejected(why) => Err(why),
        }
    }
}
