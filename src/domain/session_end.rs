//! How a session at Telegram ended. Each reason has its own message, because each calls for a different reaction.

super::ids::named!(
    /// Why an account that was logged in here is no longer logged in.
    SessionEndReason {
        /// A person logged it out here.
        LoggedOut = "logged-out",
        /// It was ended on another device of the account.
        Revoked = "revoked",
        /// Telegram ended it because it was not used for a long time.
        Expired = "expired",
        /// The account was deleted.
        Deactivated = "deactivated",
        /// Telegram banned the account.
        Banned = "banned",
        /// The same session was used from two places at once.
        KeyDuplicated = "key-duplicated",
        /// Its files are lost; at Telegram it may still exist.
        Lost = "lost",
        /// Another account logged in here than belongs here, so it was logged out.
        OtherAccount = "other-account",
        /// Telegram gave no known reason.
        Unknown = "unknown",
    }
);
