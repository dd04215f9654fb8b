//! The frames between Telescope and a td-host: length (u32), client id (i32), JSON; little endian.
//!
//! Also a cheap inspection of TDLib's JSON, which avoids parsing the nine out of ten updates that are not needed.

use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncReadExt};

/// TDLib's messages are far shorter; a larger length means that the stream is corrupt.
const MAX_LENGTH: usize = 64 * 1024 * 1024;

/// A JSON message from or for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The client, in Telescope's own numbering.
    pub client: i32,
    /// The request, answer or update.
    pub json: String,
}

impl Frame {
    /// Sent periodically to an idle host, to show that its parent is alive.
    pub const fn heartbeat() -> Self {
        Self { client: 0, json: String::new() }
    }

    /// Whether it is for no client; client numbers begin with 1.
    pub const fn is_heartbeat(&self) -> bool {
        self.client == 0
    }

    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.json.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(8 + self.json.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.client.to_le_bytes());
        bytes.extend_from_slice(self.json.as_bytes());
        bytes
    }

    fn split_head(head: [u8; 8]) -> io::Result<(usize, i32)> {
        let [a, b, c, d, e, f, g, h] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MAX_LENGTH {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
        }
        Ok((length, i32::from_le_bytes([e, f, g, h])))
    }

    fn from_parts(client: i32, body: Vec<u8>) -> io::Result<Self> {
        let json =
            String::from_utf8(body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Self { client, json })
    }

    /// Reads a frame; `None` at the end of the stream.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; 8];
        match from.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let (length, client) = Self::split_head(head)?;
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Self::from_parts(client, body).map(Some)
    }

    /// Reads a frame without blocking the thread; `None` at the end of the stream.
    pub async fn read_async(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut head = [0; 8];
        match from.read_exact(&mut head).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        };
        let (length, client) = Self::split_head(head)?;
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Self::from_parts(client, body).map(Some)
    }

    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.encode())
    }
}

/// What is known of a JSON message from TDLib without parsing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peek<'a> {
    /// The value of its `@type`.
    pub kind: &'a str,
    /// TDLib's client id.
    pub client: Option<i32>,
    /// Whether it answers a request.
    pub is_answer: bool,
}

/// Inspects a message as TDLib writes it: `@type` first, `@extra` and `@client_id` last. Quotes in strings are escaped, so
/// user text can't contain these markers.
pub fn peek(json: &str) -> Peek<'_> {
    let kind = json.strip_prefix("{\"@type\":\"").and_then(|rest| rest.split('"').next()).unwrap_or("");
    let tail = json.rfind("\"@client_id\":");
    let client = tail
        .and_then(|at| json.get(at + "\"@client_id\":".len()..))
        .and_then(|rest| rest.trim_end_matches('}').parse().ok());
    let is_answer =
        json.rfind("\"@extra\":").is_some_and(|at| json.get(..at).is_some_and(|head| head.ends_with(',')));
    Peek { kind, client, is_answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_written() {
        let frames = [
            Frame { client: 1, json: r#"{"@type":"close"}"#.into() },
            Frame { client: -7, json: "äöü \u{1f600}".into() },
            Frame { client: 0, json: String::new() },
        ];
        let mut pipe = Vec::new();
        for frame in &frames {
            frame.write(&mut pipe).unwrap();
        }
        let mut reader = pipe.as_slice();
        for frame in &frames {
            assert_eq!(Frame::read(&mut reader).unwrap().as_ref(), Some(frame));
        }
        assert_eq!(Frame::read(&mut reader).unwrap(), None);
    }

    #[test]
    fn a_corrupt_stream_is_an_error_and_allocates_little() {
        assert!(Frame::read(&mut [255; 8].as_slice()).is_err(), "a length of 4 GiB");
        let mut cut = Frame { client: 1, json: "abc".into() }.encode();
        cut.pop();
        assert!(Frame::read(&mut cut.as_slice()).is_err());
        let not_utf8 = [1, 0, 0, 0, 1, 0, 0, 0, 0xff];
        assert!(Frame::read(&mut not_utf8.as_slice()).is_err());
    }

    #[test]
    fn peeking_distinguishes_answers_from_updates() {
        let update = peek(
            r#"{"@type":"updateOption","name":"x","value":{"@type":"optionValueEmpty"},"@client_id":12}"#,
        );
        assert_eq!(update, Peek { kind: "updateOption", client: Some(12), is_answer: false });
        let answer = peek(r#"{"@type":"ok","@extra":5,"@client_id":3}"#);
        assert_eq!(answer, Peek { kind: "ok", client: Some(3), is_answer: true });
        let foreign = r#"{"@type":"updateNewMessage","text":"\"@extra\":1,\"@client_id\":9","@client_id":4}"#;
        assert_eq!(peek(foreign), Peek { kind: "updateNewMessage", client: Some(4), is_answer: false });
        assert_eq!(peek("garbage"), Peek { kind: "", client: None, is_answer: false });
    }
}
