//! Updates from TDLib.

use tdlib_rs::{enums, functions, types};

use crate::domain::account::Frozen;
use crate::domain::{Millis, SessionEndReason, Stage};
use crate::telegram::client::calls::call;
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done, End};
use crate::telegram::convert::{network_of, profile_of};
use crate::telegram::frame::peek;
use crate::telegram::{host, login};

impl ClientTask {
    pub(super) fn on_update(&mut self, client: &mut Client, json: &str) {
        // The most frequent update is parsed directly, without trying the other types.
        if peek(json).kind == "updateNewMessage" {
            return match serde_json::from_str::<types::UpdateNewMessage>(json) {
                Ok(update) => {
                    client.heard = tokio::time::Instant::now();
                    if !self.on_message(update.message) {
                        self.want_devices(client);
                    }
                }
                Err(error) => self.on_unknown(json, &error),
            };
        }
        match serde_json::from_str(json) {
            Ok(enums::Update::AuthorizationState(update)) => {
                self.on_authorization_state(client, &update.authorization_state);
            }
            Ok(enums::Update::ConnectionState(update)) => {
                self.set_network(network_of(&update.state));
                self.publish();
            }
            Ok(enums::Update::FreezeState(update)) => {
                let at = |date: i32| (date > 0).then(|| Millis(i64::from(date) * 1000));
                let frozen = Frozen { since: at(update.freezing_date), deleted_at: at(update.deletion_date) };
                self.snapshot.frozen = update.is_frozen.then_some(frozen);
                self.publish();
            }
            Ok(enums::Update::UnconfirmedSession(_) | enums::Update::ServiceNotification(_)) => {
                self.want_devices(client);
            }
            Ok(enums::Update::User(update)) => {
                if self.snapshot.profile.as_ref().is_some_and(|me| me.telegram_id == update.user.id) {
                    self.on_me(client, &update.user);
                }
            }
            Ok(_) => {}
            Err(error) => match host::lost_reason(json) {
                Some(reason) => client.ending = Some(login::ending_of(reason)),
                None => self.on_unknown(json, &error),
            },
        }
    }

    /// Telegram has described the account's own user.
    pub(super) fn on_me(&mut self, client: &mut Client, me: &types::User) {
        self.snapshot.profile = Some(profile_of(me));
        self.publish();
        self.on_photo(client, me);
    }

    /// Handles an update that tdlib-rs can't parse. An unknown authorization state is shown by its name.
    pub(super) fn on_unknown(&mut self, json: &str, error: &serde_json::Error) {
        let kind = peek(json).kind;
        tracing::warn!(account = %self.start.account, kind, line = error.line(), "an update could not be read");
        if let Some(stage) = login::unknown_stage(json) {
            self.enter(stage);
            self.publish();
        }
    }

    pub(super) fn on_authorization_state(&mut self, client: &mut Client, state: &enums::AuthorizationState) {
        if matches!(state, enums::AuthorizationState::Closed) {
            client.closed = Some(self.end_of(client));
            return;
        }
        let settings = &self.context.settings;
        let seen = login::Seen { now: settings.clock.now(), is_test: settings.test_environment };
        let Some(mut stage) = login::stage_of(state, seen) else { return };
        match stage {
            Stage::SignedOut => {
                if self.was_ready {
                    self.ending = Some(SessionEndReason::Lost);
                    self.was_ready = false;
                }
                stage = self.ending.map_or(Stage::SignedOut, Stage::Ended);
            }
            Stage::Ready => {
                client.heard = tokio::time::Instant::now();
                if !self.was_ready {
                    // Ready once it is known that the account that logged in is the right one.
                    stage = Stage::Starting;
                }
                self.ending = None;
                let id = client.id;
                client.calls.push(Box::pin(async move {
                    let me = call(functions::get_me(id)).await;
                    Done::Me(Box::new(me.map(|enums::User::User(me)| me)))
                }));
            }
            Stage::LoggingOut => {
                client.leaving_since.get_or_insert_with(tokio::time::Instant::now);
            }
            Stage::Closing => {}
            _ => self.ending = None,
        }
        self.enter(stage);
        self.publish();
    }

    /// Why the client ended, and whether the session ended with it.
    fn end_of(&self, client: &Client) -> End {
        if self.closing.is_some() {
            return End::Stopped;
        }
        // A client that was closed while logging out continues that when it is started again.
        match (client.ending, &self.snapshot.stage) {
            (Some(ending), _) => End::SessionEnded(ending),
            (None, Stage::LoggingOut) if client.is_starting_over => End::StartedOver,
            (None, Stage::LoggingOut) => End::SessionEnded(SessionEndReason::Unknown),
            (None, _) => End::ClosedItself,
        }
    }
}
