//! The wrappers of a request: its layer, the app that sends it, the requests that come before it.
//!
//! The generated types can only parse a wrapper together with a request of a known type, and `initConnection` carries a
//! JSON tree of any depth. So wrappers are read by hand, without recursion.

use grammers_tl_types::{Identifiable, functions, types};

use crate::backend::App;
use crate::bytes::Reader;
use crate::mtproto::envelope::inflate;

const VECTOR: u32 = 0x1cb5_c415;
/// Wrappers of one request.
const MAX_WRAPPERS: usize = 16;
/// Bytes of a request after it is inflated.
const MAX_REQUEST: usize = 1024 * 1024;

/// A request without its wrappers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The layer of the schema.
    pub layer: Option<i32>,
    /// The app, if it described itself in this request.
    pub app: Option<App>,
    /// The request does not subscribe its session to updates.
    pub without_updates: bool,
    /// The request itself.
    pub body: Vec<u8>,
}

/// Removes the wrappers. `None` if they are malformed.
pub fn unwrap(body: &[u8]) -> Option<Request> {
    let mut request = Request { body: body.to_vec(), ..Request::default() };
    for _ in 0..MAX_WRAPPERS {
        if let Some(body) = inflate(&request.body, MAX_REQUEST)? {
            request.body = body;
        }
        let body = std::mem::take(&mut request.body);
        let mut rest = Reader(&body);
        let found = take_wrapper(&mut rest, &mut request)?;
        request.body = if found { rest.0.to_vec() } else { body };
        if !found {
            return Some(request);
        }
    }
    None
}

/// Removes one wrapper. A request never has to wait: those before it were answered before it is read.
fn take_wrapper(rest: &mut Reader<'_>, request: &mut Request) -> Option<bool> {
    type Any = types::InputClientProxy;
    match rest.u32()? {
        functions::InvokeWithLayer::<Any>::CONSTRUCTOR_ID => request.layer = Some(rest.i32()?),
        functions::InvokeWithoutUpdates::<Any>::CONSTRUCTOR_ID => request.without_updates = true,
        functions::InvokeAfterMsg::<Any>::CONSTRUCTOR_ID => {
            rest.i64()?;
        }
        functions::InvokeAfterMsgs::<Any>::CONSTRUCTOR_ID => {
            let count = vector_head(rest)?;
            rest.take(count.checked_mul(8)?)?;
        }
        functions::InitConnection::<Any>::CONSTRUCTOR_ID => request.app = Some(take_app(rest)?),
        _ => return Some(false),
    }
    Some(true)
}

fn vector_head(rest: &mut Reader<'_>) -> Option<usize> {
    (rest.u32()? == VECTOR).then_some(())?;
    rest.length(rest.0.len())
}

fn take_app(rest: &mut Reader<'_>) -> Option<App> {
    let flags = rest.u32()?;
    let api_id = rest.i32()?;
    let [device_model, system_version, app_version, _system_language, _pack, _language] = take_strings(rest)?;
    if flags & 1 != 0 {
        let (_constructor, _address, _port) = (rest.u32()?, rest.string()?, rest.i32()?);
    }
    if flags & 2 != 0 {
        skip_json(rest)?;
    }
    Some(App { api_id, device_model, system_version, app_version })
}

/// Strings that the app chose, truncated to a length that can be stored and shown.
fn take_strings<const N: usize>(rest: &mut Reader<'_>) -> Option<[String; N]> {
    let mut strings = [const { String::new() }; N];
    for string in &mut strings {
        *string = String::from_utf8_lossy(rest.string()?).chars().take(128).collect();
    }
    Some(strings)
}

/// Skips a JSON tree by counting the values that remain.
fn skip_json(rest: &mut Reader<'_>) -> Option<()> {
    let mut values: usize = 1;
    while values > 0 {
        values -= 1;
        match rest.u32()? {
            types::JsonBool::CONSTRUCTOR_ID => drop(rest.take(4)?),
            types::JsonNumber::CONSTRUCTOR_ID => drop(rest.take(8)?),
            types::JsonString::CONSTRUCTOR_ID => drop(rest.string()?),
            types::JsonArray::CONSTRUCTOR_ID | types::JsonObject::CONSTRUCTOR_ID => {
                values = values.checked_add(vector_head(rest)?)?;
            }
            types::JsonObjectValue::CONSTRUCTOR_ID => {
                rest.string()?;
                values += 1;
            }
            types::JsonNull::CONSTRUCTOR_ID => {}
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use grammers_tl_types::{Serializable, enums};

    fn init(params: Option<enums::Jsonvalue>) -> Vec<u8> {
        functions::InvokeWithLayer {
            layer: 222,
            query: functions::InitConnection {
                api_id: 7,
                device_model: "Desk".into(),
                system_version: "Linux".into(),
                app_version: "1.2".into(),
                system_lang_code: "en".into(),
                lang_pack: String::new(),
                lang_code: "en".into(),
                proxy: Some(enums::InputClientProxy::Proxy(types::InputClientProxy {
                    address: "127.0.0.1".into(),
                    port: 1,
                })),
                params,
                query: functions::InvokeAfterMsgs {
                    msg_ids: vec![1, 2],
                    query: functions::help::GetConfig {},
                },
            },
        }
        .to_bytes()
    }

    #[test]
    fn wrappers_are_removed_one_by_one() {
        let value = enums::Jsonvalue::JsonNumber(types::JsonNumber { value: 1.0 });
        let entry = types::JsonObjectValue { key: "tz_offset".into(), value };
        let params = enums::Jsonvalue::JsonObject(types::JsonObject { value: vec![entry.into(); 2] });
        let request = unwrap(&init(Some(params))).unwrap();
        assert_eq!(request.layer, Some(222));
        assert_eq!(request.app.unwrap().device_model, "Desk");
        assert_eq!(request.body, functions::help::GetConfig {}.to_bytes());
    }

    #[test]
    fn depth_cannot_exhaust_the_stack() {
        let mut deep = init(None);
        let at = deep.len() - functions::help::GetConfig {}.to_bytes().len() - 28;
        deep[12] |= 2;
        let array =
            [&types::JsonArray::CONSTRUCTOR_ID.to_le_bytes()[..], &[0x15, 0xc4, 0xb5, 0x1c, 1, 0, 0, 0]];
        let tree: Vec<u8> = array.concat().repeat(80_000);
        deep.splice(at..at, tree);
        assert_eq!(unwrap(&deep), None, "the tree is incomplete, and the stack suffices");
        let layers = [&0xbf94_59b7u32.to_le_bytes()[..]; 100].concat();
        assert_eq!(unwrap(&layers), None);
        for cut in 0..100 {
            unwrap(&init(None)[..cut]);
        }
    }
}
