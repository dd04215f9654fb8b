//! Requests: finding out who asks, and getting the answer.
//!
//! An answer is an error that was ordered, or what an override decided, or the usual one; then it is queued for
//! the session it belongs to.

use grammers_tl_types::{Serializable, enums, name_for_id, types};

use crate::bytes::Reader;
use crate::envelope::Message;
use crate::error::RpcError;
use crate::receive::{Fault, Link};
use crate::rpc::{self, Call, wrapper};
use crate::server::{Answer, Server, Session, State};
use crate::session::SessionKey;
use crate::world::Standing;

const RPC_RESULT: u32 = 0xf35c_6d01;
const RPC_ERROR: u32 = 0x2144_ca19;
/// The data centre of a client that names none.
const DEFAULT_DC: i32 = 2;
/// Requests above this size run with a stack of their own, so that no nesting can exhaust it.
const SMALL_REQUEST: usize = 2048;
/// Answers that may wait for one client, in bytes. Who asks for more at once is told to slow down.
const MAX_WAITING: usize = 8 * 1024 * 1024;

/// The answer, or `None` if there shall be none.
type Decision = Option<Result<Vec<u8>, RpcError>>;

impl Server {
    /// Answers a request.
    pub(crate) fn request(&self, link: &Link, session: SessionKey, message: &Message) -> Result<(), Fault> {
        let request = wrapper::unwrap(&message.body).ok_or(Fault::Malformed)?;
        let id = Reader(&request.body).u32().ok_or(Fault::Malformed)?;
        let now = self.now_seconds();
        let (caller, waiting) = self.change(|state| state.enter(link, session, &request, id, now)).0;
        let result = if waiting > MAX_WAITING {
            Some(Err(RpcError::new(420, "FLOOD_WAIT_1")))
        } else {
            with_room(request.body.len(), || self.decide(&caller, session, message.id, &request.body, id))
        };
        if matches!(&result, Some(Err(error)) if error.name == "METHOD_NOT_IMPLEMENTED") {
            self.note_unknown(name_for_id(id));
        }
        self.change(|state| match result {
            Some(result) => state.push(session, rpc_result(message.id, result), true, Some(message.id)),
            None => state.push(session, acknowledgement(message.id), false, None),
        });
        Ok(())
    }

    fn decide(&self, caller: &Session, session: SessionKey, message: i64, body: &[u8], id: u32) -> Decision {
        if let Some(error) = self.ordered(name_for_id(id), caller.number.as_ref()) {
            return Some(Err(error));
        }
        let decided = self.override_of(id).map_or(Answer::Usual, |decide| decide(caller, body));
        match decided {
            Answer::Give(body) => Some(Ok(body)),
            Answer::Refuse(error) => Some(Err(error)),
            Answer::Usual => Some(self.usual(caller, session, message, body)),
            Answer::Never => None,
        }
    }

    fn usual(
        &self,
        caller: &Session,
        session: SessionKey,
        message: i64,
        body: &[u8],
    ) -> Result<Vec<u8>, RpcError> {
        let now = self.now_seconds();
        let (result, _) = self.change(|state| {
            let mut call = Call {
                world: &mut state.world,
                challenges: &mut state.challenges,
                key: caller.key,
                wire_key: session.0,
                session: session.1,
                message,
                dc: caller.dc,
                now,
                address: self.address,
            };
            self.methods.call(&mut call, body)
        });
        result
    }
}

/// Finds an answer. Parsing a value of the schema recurses as deep as the value is nested, and dropping it does
/// too: a request that is large enough to be dangerous gets a thread with a stack to match.
fn with_room(size: usize, decide: impl FnOnce() -> Decision + Send) -> Decision {
    if size <= SMALL_REQUEST {
        return decide();
    }
    let stack = 2 * 1024 * 1024 + size * 256;
    let decided = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, decide);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    decided.unwrap_or_else(|| Some(Err(RpcError::new(500, "INTERNAL"))))
}

/// What a client gets for a message that has no other answer.
pub(crate) fn acknowledgement(id: i64) -> Vec<u8> {
    enums::MsgsAck::Ack(types::MsgsAck { msg_ids: vec![id] }).to_bytes()
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
    /// Notes a request, and says who calls and how much waits for him.
    fn enter(
        &mut self,
        link: &Link,
        session: SessionKey,
        request: &wrapper::Request,
        id: u32,
        now: i64,
    ) -> (Session, usize) {
        let key = self.world.permanent(session.0).unwrap_or(session.0);
        if let Some(app) = &request.app {
            self.world.set_app(key, app.clone());
        }
        self.world.touch(key, now);
        let record = self.world.keys.get(&key);
        let signed_in = record.is_some_and(|record| matches!(record.standing, Standing::SignedIn(_)));
        let dc = link.dc.or(record.and_then(|record| record.dc)).unwrap_or(DEFAULT_DC);
        let mut waiting = 0;
        if let Some(session) = self.sessions.get_mut(&session) {
            session.wants_updates |= signed_in && !request.without_updates;
            waiting = session.waiting();
        }
        let number = rpc::number_in(&request.body).or_else(|| rpc::number_of_key(&self.world, key));
        self.world.counters.add(name_for_id(id), number.as_ref());
        (Session { number, dc, key, session: session.1 }, waiting)
    }
}
