//! Calls to TDLib, each with a timeout and without panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tdlib_rs::{enums, functions, types};

use crate::domain::refusal::LoginRefusal;
use crate::telegram::handle::{AnswerError, ClientStart};
use crate::telegram::proxy::ProxyUse;
use crate::telegram::settings::HubSettings;

/// The timeout of a call that a person waits for.
pub(crate) const CALL_TIME: Duration = Duration::from_secs(25);

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallError {
    /// TDLib's code; 500 means that there was no answer.
    pub code: i32,
    /// TDLib's message.
    pub message: String,
}

impl CallError {
    /// Whether there was no answer from Telegram, as opposed to a refusal.
    pub(crate) fn is_away(&self) -> bool {
        self.code == 500 || self.code < 0
    }

    /// What the person is told who asked.
    pub(crate) fn answer(&self) -> AnswerError {
        match self.is_away() {
            true => AnswerError::Away,
            false => AnswerError::Refused(LoginRefusal::of(self.code, &self.message)),
        }
    }
}

/// Awaits a function of tdlib-rs. If it panics on an unreadable answer, that becomes an error.
pub(crate) async fn call<T>(function: impl Future<Output = Result<T, types::Error>>) -> Result<T, CallError> {
    match tokio::time::timeout(CALL_TIME, AssertUnwindSafe(function).catch_unwind()).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(CallError { code: error.code, message: error.message }),
        Ok(Err(_panic)) => Err(CallError { code: 500, message: "the answer could not be read".into() }),
        Err(_elapsed) => Err(CallError { code: 500, message: "no answer in time".into() }),
    }
}

/// Configures a new client, in an order that keeps it off the network until its proxy is set.
///
/// TDLib queues requests before `setTdlibParameters` and then executes them in order, so they are sent together and
/// awaited together.
pub(crate) async fn configure(
    settings: &HubSettings,
    start: &ClientStart,
    proxy: &ProxyUse,
    client: i32,
) -> Result<(), CallError> {
    // Parameters and proxy are required; the options only save traffic.
    let option = async |name: &str| {
        let value = enums::OptionValue::Boolean(types::OptionValueBoolean { value: true });
        if let Err(error) = call(functions::set_option(name.to_owned(), Some(value), client)).await {
            tracing::debug!(?error, name, "TDLib refused an option");
        }
        Ok(())
    };
    let parameters = call(functions::set_tdlib_parameters(
        settings.test_environment,
        start.folder.to_string_lossy().into_owned(),
        String::new(),
        start.key.expose().to_owned(),
        false,
        false,
        false,
        false,
        settings.api_id,
        settings.api_hash.expose().to_owned(),
        "en".into(),
        "Telescope".into(),
        String::new(),
        env!("CARGO_PKG_VERSION").into(),
        client,
    ));
    // Stop at the first failure: with a wrong key TDLib does not answer the other requests.
    futures_util::try_join!(
        call(functions::set_network_type(Some(enums::NetworkType::None), client)),
        proxy.select(client),
        option("ignore_background_updates"),
        option("disable_network_statistics"),
        option("disable_top_chats"),
        parameters,
        call(functions::set_network_type(Some(proxy.network()), client)),
    )
    .map(drop)
}
