//! Rate limits and concurrency limits.

use super::reader::Reader;

/// Limits that keep one person, client or address from exhausting shared resources.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Login codes that may be requested per number in 24 hours. Telegram locks a number after about five.
    pub login_attempts_per_day: u32,
    /// Login codes that one person may request in 24 hours, for all numbers together.
    pub codes_per_person_per_day: u32,
    /// Login codes that may be requested in an hour, by everyone together.
    pub codes_per_hour: u32,
    /// Wrong codes and passwords that one person may submit in 24 hours.
    pub wrong_inputs_per_person_per_day: u32,
    /// Sign-in attempts per network address and minute.
    pub sign_ins_per_minute: u32,
    /// Browsers in which a person may be signed in.
    pub sessions_per_user: u32,
    /// Live pages that one person may have open.
    pub streams_per_user: u32,
    /// Concurrent connections.
    pub max_connections: usize,
    /// How long a connection may be idle between requests, in seconds.
    pub keep_alive_seconds: u16,
}

impl Limits {
    pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Self {
        let limits = Self {
            login_attempts_per_day: env.number("LOGIN_ATTEMPTS_PER_DAY", 1..=1000).unwrap_or(4),
            codes_per_person_per_day: env.number("CODES_PER_PERSON_PER_DAY", 1..=1_000_000).unwrap_or(50),
            codes_per_hour: env.number("CODES_PER_HOUR", 1..=1_000_000).unwrap_or(100),
            wrong_inputs_per_person_per_day: env
                .number("WRONG_INPUTS_PER_PERSON_PER_DAY", 1..=1_000_000)
                .unwrap_or(30),
            sign_ins_per_minute: env.number("SIGN_INS_PER_MINUTE", 1..=1_000_000).unwrap_or(100),
            sessions_per_user: env.number("SESSIONS_PER_USER", 1..=10_000).unwrap_or(30),
            streams_per_user: env.number("STREAMS_PER_USER", 1..=10_000).unwrap_or(20),
            max_connections: env.number("MAX_CONNECTIONS", 10..=1_000_000).unwrap_or(10_000),
            keep_alive_seconds: env.number("KEEP_ALIVE_SECONDS", 5..=620).unwrap_or(125),
        };
        if limits.login_attempts_per_day > 4 {
            env.note(format!(
                "LOGIN_ATTEMPTS_PER_DAY is {}; Telegram locks a number out after about five attempts a day.",
                limits.login_attempts_per_day
            ));
        }
        limits
    }
}
