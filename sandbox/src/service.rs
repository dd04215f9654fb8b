//! Messages about the session itself: acknowledgements, pings, salts, questions about what was received.

use std::collections::HashSet;
use std::time::Duration;

use grammers_tl_types::{Cursor, Deserializable, Identifiable, Serializable, enums, functions, types};

use crate::clock;
use crate::envelope::Message;
use crate::receive::{Fault, Link};
use crate::server::Server;
use crate::session::SessionKey;

const RPC_RESULT: u32 = 0xf35c_6d01;
/// The shortest and the longest silence that a client may ask for before it is taken for gone.
const PATIENCE: (u64, u64) = (1, 3600);

impl Server {
    /// Handles a message, if it is one about the session.
    pub(crate) fn service(
        &self,
        link: &mut Link,
        session: SessionKey,
        message: &Message,
        id: u32,
    ) -> Option<Result<(), Fault>> {
        let mut body = Cursor::from_slice(message.body.get(4..)?);
        let done = match id {
            types::MsgsAck::CONSTRUCTOR_ID => self.acknowledged(session, &mut body),
            types::MsgsStateReq::CONSTRUCTOR_ID => self.tell_state(session, message.id, &mut body),
            types::MsgResendReq::CONSTRUCTOR_ID => self.send_again(session, &mut body),
            functions::Ping::CONSTRUCTOR_ID => functions::Ping::deserialize(&mut body)
                .ok()
                .map(|ping| self.pong(session, message.id, ping.ping_id)),
            functions::PingDelayDisconnect::CONSTRUCTOR_ID => {
                functions::PingDelayDisconnect::deserialize(&mut body).ok().map(|ping| {
                    let seconds = u64::try_from(ping.disconnect_delay).unwrap_or_default();
                    link.patience = Duration::from_secs(seconds.clamp(PATIENCE.0, PATIENCE.1));
                    self.pong(session, message.id, ping.ping_id);
                })
            }
            functions::GetFutureSalts::CONSTRUCTOR_ID => self.future_salts(session, message.id, &mut body),
            functions::RpcDropAnswer::CONSTRUCTOR_ID => self.drop_answer(session, message.id, &mut body),
            functions::DestroySession::CONSTRUCTOR_ID => self.destroy_session(session, &mut body),
            functions::DestroyAuthKey::CONSTRUCTOR_ID => {
                link.doomed = Some(session.0);
                self.tell(session, &enums::DestroyAuthKeyRes::DestroyAuthKeyOk);
                Some(())
            }
            types::MsgsStateInfo::CONSTRUCTOR_ID
            | types::MsgsAllInfo::CONSTRUCTOR_ID
            | types::HttpWait::CONSTRUCTOR_ID => Some(()),
            _ => return None,
        };
        Some(done.ok_or(Fault::Malformed))
    }

    /// Queues something that needs no acknowledgement.
    fn tell(&self, session: SessionKey, body: &impl Serializable) {
        self.change(|state| state.push(session, body.to_bytes(), false, None));
    }

    fn acknowledged(&self, session: SessionKey, body: &mut Cursor<'_>) -> Option<()> {
        let ack = types::MsgsAck::deserialize(body).ok()?;
        self.change(|state| {
            state.sessions.get_mut(&session).map(|session| session.acknowledge(&ack.msg_ids))
        });
        Some(())
    }

    fn pong(&self, session: SessionKey, msg_id: i64, ping_id: i64) {
        self.tell(session, &enums::Pong::Pong(types::Pong { msg_id, ping_id }));
    }

    /// Answers what became of messages. Answers that the client does not have yet follow by themselves.
    fn tell_state(&self, session: SessionKey, req_msg_id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let asked = types::MsgsStateReq::deserialize(body).ok()?;
        self.change(|state| {
            let Some(known) = state.sessions.get_mut(&session) else {
                return;
            };
            let info = known.states_of(&asked.msg_ids);
            let ids: HashSet<_> = asked.msg_ids.into_iter().collect();
            known.resend(|_, answers| answers.is_some_and(|id| ids.contains(&id)));
            let info = enums::MsgsStateInfo::Info(types::MsgsStateInfo { req_msg_id, info });
            state.push(session, info.to_bytes(), false, None);
        });
        Some(())
    }

    fn send_again(&self, session: SessionKey, body: &mut Cursor<'_>) -> Option<()> {
        let asked = types::MsgResendReq::deserialize(body).ok()?;
        let ids: HashSet<_> = asked.msg_ids.into_iter().collect();
        self.change(|state| {
            let session = state.sessions.get_mut(&session)?;
            session.resend(|message, _| ids.contains(&message.id));
            Some(())
        });
        Some(())
    }

    fn future_salts(&self, session: SessionKey, req_msg_id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let asked = functions::GetFutureSalts::deserialize(body).ok()?;
        let now = self.now_seconds();
        self.change(|state| {
            let record = state.world.keys.get(&session.0)?;
            let salts = record.salts(self.salt_period).future(now, asked.num);
            let answer = enums::FutureSalts::Salts(types::FutureSalts {
                req_msg_id,
                now: clock::seconds(self.network.now()),
                salts: grammers_tl_types::RawVec(salts),
            });
            state.push(session, answer.to_bytes(), false, None);
            Some(())
        });
        Some(())
    }

    /// Every request was answered when the next message is read, so there is never one still running.
    fn drop_answer(&self, session: SessionKey, id: i64, body: &mut Cursor<'_>) -> Option<()> {
        let asked = functions::RpcDropAnswer::deserialize(body).ok()?;
        self.change(|state| {
            let known = state.sessions.get_mut(&session)?;
            let answer = match known.drop_answer(asked.req_msg_id) {
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
            state.push(session, body, true, Some(id));
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
        self.tell(session, &answer);
        Some(())
    }
}
