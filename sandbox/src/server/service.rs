//! Service messages, which are about the session itself: acknowledgements, pings, salts, message states.

use std::collections::HashSet;
use std::time::Duration;

use grammers_tl_types::{Cursor, Deserializable, Identifiable, Serializable, enums, functions, types};

use super::Server;
use super::connection::{Connection, ConnectionError};
use crate::clock;
use crate::mtproto::envelope::Message;
use crate::mtproto::session::{Outgoing, SessionKey};

const RPC_RESULT: u32 = 0xf35c_6d01;
/// The shortest and the longest idle time that a client may ask for, in seconds.
const MIN_IDLE: u64 = 1;
const MAX_IDLE: u64 = 3600;

impl Server {
    /// Handles a message if it is about the session; `None` if it is not.
    pub(super) fn service(
        &self,
        connection: &mut Connection,
        session: SessionKey,
        message: &Message,
        id: u32,
    ) -> Option<Result<(), ConnectionError>> {
        let mut body = Cursor::from_slice(message.body.get(4..)?);
        let done = match id {
            types::MsgsAck::CONSTRUCTOR_ID => self.acknowledged(session, &mut body),
            types::MsgsStateReq::CONSTRUCTOR_ID => self.message_states(session, message.id, &mut body),
            types::MsgResendReq::CONSTRUCTOR_ID => self.resend(session, &mut body),
            functions::Ping::CONSTRUCTOR_ID => functions::Ping::deserialize(&mut body)
                .ok()
                .map(|ping| self.pong(session, message.id, ping.ping_id)),
            functions::PingDelayDisconnect::CONSTRUCTOR_ID => {
                functions::PingDelayDisconnect::deserialize(&mut body).ok().map(|ping| {
                    let seconds = u64::try_from(ping.disconnect_delay).unwrap_or_default();
                    connection.idle_timeout = Duration::from_secs(seconds.clamp(MIN_IDLE, MAX_IDLE));
                    self.pong(session, message.id, ping.ping_id);
                })
            }
            functions::GetFutureSalts::CONSTRUCTOR_ID => self.future_salts(session, message.id, &mut body),
            functions::RpcDropAnswer::CONSTRUCTOR_ID => self.drop_answer(session, message.id, &mut body),
            functions::DestroySession::CONSTRUCTOR_ID => self.destroy_session(session, &mut body),
            functions::DestroyAuthKey::CONSTRUCTOR_ID => {
                connection.destroying_key = Some(session.0);
                self.send_service(session, &enums::DestroyAuthKeyRes::DestroyAuthKeyOk);
                Some(())
            }
            types::MsgsStateInfo::CONSTRUCTOR_ID
            | types::MsgsAllInfo::CONSTRUCTOR_ID
            | types::HttpWait::CONSTRUCTOR_ID => Some(()),
            _ => return None,
        };
        Some(done.ok_or(ConnectionError::Malformed))
    }

    /// Queues something that needs no acknowledgement.
    fn send_service(&self, session: SessionKey, body: &impl Serializable) {
        self.change(|state| state.push(session, Outgoing::service(body.to_bytes())));
    }

    fn acknowledged(&self, session: SessionKey, body: &mut Cursor<'_>) -> Option<()> {
        let ack = types::MsgsAck::deserialize(body).ok()?;
        self.change(|state| {
            state.sessions.get_mut(&session).map(|session| session.acknowledge(&ack.msg_ids))
        });
        Some(())
    }

    fn pong(&self, session: SessionKey, msg_id: i64, ping_id: i64) {
        self.send_service(session, &enums::Pong::Pong(types::Pong { msg_id, ping_id }));
    }

    /// Answers which messages were received. Answers that the client has not acknowledged are sent again.
    fn message_states(&self, session: SessionKey, req_msg_id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let request = types::MsgsStateReq::deserialize(body).ok()?;
        self.change(|state| {
            let Some(known) = state.sessions.get_mut(&session) else {
                return;
            };
            let info = known.states_of(&request.msg_ids);
            let ids: HashSet<_> = request.msg_ids.into_iter().collect();
            known.resend(|_, answers| answers.is_some_and(|id| ids.contains(&id)));
            let info = enums::MsgsStateInfo::Info(types::MsgsStateInfo { req_msg_id, info });
            state.push(session, Outgoing::service(info.to_bytes()));
        });
        Some(())
    }

    fn resend(&self, session: SessionKey, body: &mut Cursor<'_>) -> Option<()> {
        let request = types::MsgResendReq::deserialize(body).ok()?;
        let ids: HashSet<_> = request.msg_ids.into_iter().collect();
        self.change(|state| {
            let session = state.sessions.get_mut(&session)?;
            session.resend(|message, _| ids.contains(&message.id));
            Some(())
        });
        Some(())
    }

    fn future_salts(&self, session: SessionKey, req_msg_id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let request = functions::GetFutureSalts::deserialize(body).ok()?;
        let now = self.now_seconds();
        self.change(|state| {
            let record = state.backend.keys.get(&session.0)?;
            let salts = record.salts(self.settings.salt_period).future(now, request.num);
            let answer = enums::FutureSalts::Salts(types::FutureSalts {
                req_msg_id,
                now: clock::seconds(self.network.now()),
                salts: grammers_tl_types::RawVec(salts),
            });
            state.push(session, Outgoing::service(answer.to_bytes()));
            Some(())
        });
        Some(())
    }

    /// Every request is answered before the next message is read, so none is ever still running.
    fn drop_answer(&self, session: SessionKey, id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let request = functions::RpcDropAnswer::deserialize(body).ok()?;
        self.change(|state| {
            let known = state.sessions.get_mut(&session)?;
            let answer = match known.drop_answer(request.req_msg_id) {
                None => enums::RpcDropAnswer::RpcAnswerUnknown,
                Some(dropped) => enums::RpcDropAnswer::RpcAnswerDropped(types::RpcAnswerDropped {
                    msg_id: dropped.id,
                    seq_no: dropped.seqno,
                    bytes: i32::try_from(dropped.body.len()).unwrap_or(i32::MAX),
                }),
            };
            let mut body = RPC_RESULT.to_le_bytes().to_vec();
            body.extend(id.to_le_bytes());
            answer.serialize(&mut body);
            state.push(session, Outgoing::answer(body, id));
            Some(())
        });
        Some(())
    }

    /// Forgets another session of the same key.
    fn destroy_session(&self, session: SessionKey, body: &mut Cursor<'_>) -> Option<()> {
        let session_id = functions::DestroySession::deserialize(body).ok()?.session_id;
        let known =
            session_id != session.1 && self.change(|state| state.sessions.remove(&(session.0, session_id))).0;
        let answer = if known {
            enums::DestroySessionRes::DestroySessionOk(types::DestroySessionOk { session_id })
        } else {
            enums::DestroySessionRes::DestroySessionNone(types::DestroySessionNone { session_id })
        };
        self.send_service(session, &answer);
        Some(())
    }
}
