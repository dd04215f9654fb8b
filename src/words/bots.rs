//! What is wrong with a bot, or with what was asked of one.

use crate::domain::BotError;

pub(super) const fn sentence(why: BotError) -> &'static str {
    match why {
        BotError::TokenMissing => "Paste the bot's token.",
        BotError::TokenForm => {
            "That isn't a bot token. It looks like 123456789:AAF…, with digits before the colon and about 35 letters, \
             digits, dashes and underscores after it. Copy the whole token from @BotFather."
        }
        BotError::OtherBot => "This is the token of another bot. Add that bot separately.",
        BotError::Taken => "There is already an account of this bot.",
        BotError::BeingRemoved => {
            "The account of this bot is being removed. Add it again when that is done; see Tasks."
        }
        BotError::NotStored => "No bot token is stored for this account.",
        BotError::Rejected => "Telegram rejected the stored token. Enter the new one.",
        BotError::HasNoNumber => {
            "This account is a bot. Bots have no phone number, no login codes and no two-step password."
        }
    }
}
