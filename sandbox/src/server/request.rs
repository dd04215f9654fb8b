//! Requests: who calls, and what the answer is.
//!
//! The answer is an injected error, what an override returns, or the default one. It is queued for the caller's session.

use grammers_tl_types::{Identifiable as _, Serializable, functions, name_for_id};

use super::connection::{Connection, ConnectionError};
use super::injected::{ANSWER_LOST, REQUEST_LOST};
use super::state::State;
use super::{Answer, Caller, Server};
use crate::backend::AuthState;
use crate::bytes::Reader;
use crate::error::RpcError;
use crate::mtproto::envelope::Message;
use crate::mtproto::session::{Outgoing, SessionKey};
use crate::rpc::{self, Call, wrapper};

const RPC_RESULT: u32 = 0xf35c_6d01;
const RPC_ERROR: u32 = 0x2144_ca19;
/// The data centre of a client that names none.
const DEFAULT_DC: i32 = 2;
/// After these methods a client waits for an update before it is signed in.
const WAITS_FOR_UPDATES: [u32; 2] =
    [functions::auth::ExportLoginToken::CONSTRUCTOR_ID, functions::auth::SendCode::CONSTRUCTOR_ID];
/// Larger requests run on a stack of their own, so that no nesting can exhaust it.
const SMALL_REQUEST: usize = 2048;
/// Bytes that may be queued for one client. A client that asks for more at once is told to slow down.
const MAX_QUEUED: usize = 8 * 1024 * 1024;

/// The result, or `None` if there is no reply.
type Reply = Option<Result<Vec<u8>, RpcError>>;

impl Server {
    /// Answers a request.
    pub(super) fn request(
        &self,
        connection: &Connection,
        session: SessionKey,
        message: &Message,
    ) -> Result<(), ConnectionError> {
        let request = wrapper::unwrap(&message.body).ok_or(ConnectionError::Malformed)?;
        let method = Reader(&request.body).u32().ok_or(ConnectionError::Malformed)?;
        let now = self.now_seconds();
        let (caller, queued) =
            self.change(|state| state.register_request(connection, session, &request, method, now)).0;
        let reply = if queued > MAX_QUEUED {
            Some(Err(RpcError::new(420, "FLOOD_WAIT_1")))
        } else {
            let answer = || self.answer(&caller, session, message.id, &request.body, method);
            with_large_stack(request.body.len(), answer)
        };
        if matches!(&reply, Some(Err(error)) if error.name == "METHOD_NOT_IMPLEMENTED") {
            self.log_unimplemented(name_for_id(method));
        }
        self.change(|state| match reply {
            Some(result) => {
                state.backend.counters.add_answer(name_for_id(method));
                state.push(session, Outgoing::answer(rpc_result(message.id, result), message.id));
            }
            None => state.push(session, Outgoing::acknowledgement(message.id)),
        });
        Ok(())
    }

    fn answer(&self, caller: &Caller, session: SessionKey, message: i64, body: &[u8], method: u32) -> Reply {
        match self.injected_errors.take(name_for_id(method), caller.number.as_ref()) {
            Some(error) if error.name == REQUEST_LOST => return None,
            Some(error) if error.name == ANSWER_LOST => {
                let _lost = self.default_answer(caller, session, message, body);
                return None;
            }
            Some(error) => return Some(Err(error)),
            None => {}
        }
        let answer = self.override_of(method).map_or(Answer::Default, |answer| answer(caller, body));
        match answer {
            Answer::Value(body) => Some(Ok(body)),
            Answer::Error(error) => Some(Err(error)),
            Answer::Default => Some(self.default_answer(caller, session, message, body)),
            Answer::NoReply => None,
        }
    }

    fn default_answer(
        &self,
        caller: &Caller,
        session: SessionKey,
        message: i64,
        body: &[u8],
    ) -> Result<Vec<u8>, RpcError> {
        let now = self.now_seconds();
        let (result, _) = self.change(|state| {
            let mut call = Call {
                backend: &mut state.backend,
                challenges: &mut state.challenges,
                key: caller.key,
                packet_key: session.0,
                session: session.1,
                message,
                dc: caller.dc,
                now,
                mtproto_address: self.settings.mtproto_address,
            };
            self.methods.call(&mut call, body)
        });
        result
    }
}

/// Parsing a value of the schema recurses as deep as the value is nested, and so does dropping it. A request that is
/// large enough to be dangerous gets a thread with a stack to match.
fn with_large_stack(size: usize, answer: impl FnOnce() -> Reply + Send) -> Reply {
    if size <= SMALL_REQUEST {
        return answer();
    }
    let stack = 2 * 1024 * 1024 + size * 256;
    let answered = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, answer);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    answered.unwrap_or_else(|| Some(Err(RpcError::new(500, "INTERNAL"))))
}

fn rpc_result(request: i64, result: Result<Vec<u8>, RpcError>) -> Vec<u8> {
    let mut body = RPC_RESULT.to_le_bytes().to_vec();
    body.extend(request.to_le_bytes());
    match result {
        Ok(answer) => body.extend(answer),
        Err(error) => {
            body.extend(RPC_ERROR.to_le_bytes());
            body.extend(error.code.to_le_bytes());
            body.extend(error.name.to_bytes());
        }
    }
    body
}

impl State {
    /// Counts a request. Returns who calls and how many bytes are queued for them.
    fn register_request(
        &mut self,
        connection: &Connection,
        session: SessionKey,
        request: &wrapper::Request,
        method: u32,
        now: i64,
    ) -> (Caller, usize) {
        let key = self.backend.permanent(session.0).unwrap_or(session.0);
        if let Some(app) = &request.app {
            self.backend.set_app(key, app.clone());
        }
        self.backend.touch(key, now);
        let record = self.backend.keys.get(&key);
        let signed_in = record.is_some_and(|record| matches!(record.auth_state, AuthState::SignedIn(_)));
        let dc = connection.dc.or(record.and_then(|record| record.dc)).unwrap_or(DEFAULT_DC);
        let mut queued = 0;
        if let Some(session) = self.sessions.get_mut(&session) {
            let subscribes = signed_in || WAITS_FOR_UPDATES.contains(&method);
            session.wants_updates |= subscribes && !request.without_updates;
            queued = session.queued_bytes();
        }
        let number = rpc::number_in(&request.body).or_else(|| self.backend.number_of_key(key));
        self.backend.counters.add(name_for_id(method), number.as_ref());
        (Caller { number, dc, key, session: session.1 }, queued)
    }
}
