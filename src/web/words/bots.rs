//! The status of a bot, where it differs from that of other accounts.

use crate::domain::{SessionEndReason, Stage};

/// What a stage means for a bot and what to do next; none if it means the same as for other accounts.
pub fn meaning(stage: &Stage) -> Option<String> {
    let text = match stage {
        Stage::Disconnected => {
            "Telescope isn't connected to this bot. Its Telegram session is kept, so reconnecting needs no token."
        }
        Stage::Reconnecting => {
            "TDLib stopped unexpectedly and is being restarted. You don't need the token again."
        }
        Stage::SignedOut => "This bot isn't logged in. Log it in with its token.",
        Stage::Ended(reason) => after_end(*reason),
        Stage::Starting
        | Stage::WaitCode(_)
        | Stage::WaitPassword { .. }
        | Stage::WaitEmailAddress
        | Stage::WaitEmailCode { .. }
        | Stage::WaitOtherDevice { .. }
        | Stage::WaitRegistration { .. }
        | Stage::WaitPremium { .. }
        | Stage::Ready
        | Stage::LoggingOut
        | Stage::Closing
        | Stage::Failed(_)
        | Stage::Quarantined
        | Stage::Other(_) => return None,
    };
    Some(text.into())
}

const fn after_end(reason: SessionEndReason) -> &'static str {
    match reason {
        SessionEndReason::LoggedOut => "This bot was logged out here. Log it in again with its token.",
        SessionEndReason::Revoked => {
            "This session was ended elsewhere; perhaps the bot's token was revoked. Log the bot in with its current \
             token."
        }
        SessionEndReason::Expired => {
            "Telegram ended this session because it was inactive for too long. Log the bot in again with its token."
        }
        SessionEndReason::Deactivated => "The bot was deleted at Telegram. Here, you can only remove it.",
        SessionEndReason::Banned => {
            "Telegram banned this bot and ended its sessions. Its owner can ask @BotSupport in Telegram."
        }
        SessionEndReason::KeyDuplicated => {
            "Telegram ended this session because it was used from two places at once. A copy of its files may be \
             running elsewhere: find and destroy that copy, then log the bot in with its token."
        }
        SessionEndReason::Lost => {
            "This bot was logged in, but its files are missing or damaged. Restore its folder from a backup and \
             connect, or log it in with its token."
        }
        SessionEndReason::OtherAccount => {
            "A different bot logged in, so Telescope logged it out again. Log in with this bot's token, or add the \
             other bot separately."
        }
        SessionEndReason::Unknown => {
            "Telegram ended this session without giving a reason. Log the bot in again with its token."
        }
    }
}
