//! Requests about the two-step password of an account that is logged in.

use tdlib_rs::{enums, functions, types};

use crate::domain::two_step::{TwoStepRequest, TwoStepState};
use crate::domain::{Millis, Stage};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};
use crate::telegram::handle::{AnswerError, Reply};

pub(super) type TwoStepAnswer = Result<TwoStepState, CallError>;

impl ClientTask {
    pub(super) fn two_step(&self, client: &mut Client, request: TwoStepRequest, reply: Reply<TwoStepState>) {
        let stage = &self.snapshot.stage;
        let refusal = match () {
            () if stage.is_starting() => Some(AnswerError::NotRunning),
            () if *stage != Stage::Ready => Some(AnswerError::NotNow),
            () => None,
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        let id = client.id;
        client.calls.push(Box::pin(async move { Done::TwoStep(reply, ask(request, id).await) }));
    }
}

pub(super) fn on_answer(client: &mut Client, reply: Reply<TwoStepState>, answer: TwoStepAnswer) {
    client.heard = tokio::time::Instant::now();
    let _ = reply.send(answer.map_err(|error| error.answer()));
}

async fn ask(request: TwoStepRequest, id: i32) -> TwoStepAnswer {
    let state = match request {
        TwoStepRequest::State => call(functions::get_password_state(id)).await,
        TwoStepRequest::Check(password) => {
            // Telegram shows the recovery address only to those who know the password.
            call(functions::get_recovery_email_address(password.expose().to_owned(), id)).await?;
            call(functions::get_password_state(id)).await
        }
        TwoStepRequest::Change { before, after, hint } => {
            let (before, after) = (before.expose().to_owned(), after.expose().to_owned());
            call(functions::set_password(before, after, hint, false, String::new(), id)).await
        }
        TwoStepRequest::SetRecoveryEmail { password, email } => {
            let password = password.expose().to_owned();
            call(functions::set_recovery_email_address(password, email.to_string(), id)).await
        }
        TwoStepRequest::ConfirmRecoveryEmail(code) => {
            call(functions::check_recovery_email_address_code(code.expose().to_owned(), id))
                .await
                .and_then(confirmed)
        }
        TwoStepRequest::CancelRecoveryEmail => {
            call(functions::cancel_recovery_email_address_verification(id)).await
        }
        TwoStepRequest::CancelReset => {
            call(functions::cancel_password_reset(id)).await?;
            call(functions::get_password_state(id)).await
        }
    };
    state.map(|enums::PasswordState::PasswordState(state)| read(state))
}

/// TDLib answers with the state even if the code is wrong or has expired: then the address is not confirmed.
fn confirmed(state: enums::PasswordState) -> Result<enums::PasswordState, CallError> {
    let enums::PasswordState::PasswordState(now) = &state;
    let refusal = match now {
        now if now.recovery_email_address_code_info.is_some() => "CODE_INVALID",
        now if !now.has_recovery_email_address => "EMAIL_VERIFY_EXPIRED",
        _ => return Ok(state),
    };
    Err(CallError { code: 400, message: refusal.into() })
}

fn read(state: types::PasswordState) -> TwoStepState {
    let reset = i64::from(state.pending_reset_date);
    TwoStepState {
        has_password: state.has_password,
        hint: state.password_hint,
        has_recovery_email: state.has_recovery_email_address,
        unconfirmed_email: state.recovery_email_address_code_info.map(|info| info.email_address_pattern),
        reset_at: (reset > 0).then_some(Millis(reset * 1000)),
    }
}
