use super::TelegramEnvironment;
use super::reader::Reader;
use crate::crypto::MasterKey;

/// The master keys. The current one is required for real accounts.
pub(super) fn read<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    telegram: TelegramEnvironment,
) -> (Option<MasterKey>, Option<MasterKey>) {
    let missing = env.text("TWO_FACTOR_ENCRYPTION_KEY").is_none();
    let key = env.read("TWO_FACTOR_ENCRYPTION_KEY", MasterKey::parse);
    let old = env.read("TWO_FACTOR_ENCRYPTION_KEY_OLD", MasterKey::parse);
    if missing && (telegram == TelegramEnvironment::Production || old.is_some()) {
        env.fault("TWO_FACTOR_ENCRYPTION_KEY is missing; make one with openssl rand -base64 32 and keep a copy of it.");
    }
    if key.is_some() && key == old {
        env.fault("TWO_FACTOR_ENCRYPTION_KEY_OLD is the same as TWO_FACTOR_ENCRYPTION_KEY; leave it empty.");
    }
    (key, old)
}
