//! A SOCKS5 server that answers for every destination.
//!
//! A Telegram client has Telegram's addresses compiled in. When it uses a proxy, it asks the proxy to connect to one of
//! them; this one answers "connected" without connecting anywhere. The data centre is not read from the address but from
//! the obfuscated header that follows.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const CONNECTED: [u8; 10] = [VERSION, 0, 0, 1, 127, 0, 0, 1, 0, 0];
const NOT_SUPPORTED: [u8; 10] = [VERSION, 7, 0, 1, 0, 0, 0, 0, 0, 0];

/// Answers a client's greeting and its request. Afterwards the stream carries MTProto. Any user name and password is
/// accepted.
pub(crate) async fn accept<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S) -> Result<()> {
    let methods = read_greeting(stream).await?;
    if methods.contains(&NO_AUTHENTICATION) {
        stream.write_all(&[VERSION, NO_AUTHENTICATION]).await?;
    } else if methods.contains(&USER_AND_PASSWORD) {
        stream.write_all(&[VERSION, USER_AND_PASSWORD]).await?;
        read_password(stream).await?;
    } else {
        stream.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(invalid("no supported authentication method"));
    }
    if read_request(stream).await? != CONNECT {
        stream.write_all(&NOT_SUPPORTED).await?;
        return Err(invalid("a request other than CONNECT"));
    }
    stream.write_all(&CONNECTED).await
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

async fn read_greeting<S: AsyncReadExt + Unpin>(stream: &mut S) -> Result<Vec<u8>> {
    if stream.read_u8().await? != VERSION {
        return Err(invalid("not SOCKS5"));
    }
    read_short(stream).await
}

/// Bytes after a length of one byte.
async fn read_short<S: AsyncReadExt + Unpin>(stream: &mut S) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_password<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S) -> Result<()> {
    stream.read_u8().await?;
    read_short(stream).await?;
    read_short(stream).await?;
    stream.write_all(&[1, 0]).await
}

/// Reads a request and its address. Returns the command.
async fn read_request<S: AsyncReadExt + Unpin>(stream: &mut S) -> Result<u8> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [version, command, _, kind] = head;
    let address = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(invalid("unknown address type")),
    };
    let port = 2;
    let mut rest = [0; 257];
    let rest = rest.get_mut(..address + port).ok_or(invalid("address too long"))?;
    stream.read_exact(rest).await?;
    if version == VERSION { Ok(command) } else { Err(invalid("not SOCKS5")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn talk(client: &[u8]) -> (bool, Vec<u8>) {
        let (mut ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_all(client).await.unwrap();
        theirs.shutdown().await.unwrap();
        let accepted = accept(&mut ours).await.is_ok();
        drop(ours);
        let mut answer = Vec::new();
        theirs.read_to_end(&mut answer).await.unwrap();
        (accepted, answer)
    }

    #[tokio::test]
    async fn every_destination_is_accepted() {
        let v4 = [5, 1, 0, 5, 1, 0, 1, 149, 154, 167, 40, 1, 187];
        assert_eq!(talk(&v4).await, (true, [&[5, 0], &CONNECTED[..]].concat()));
        let v6 = [&[5, 1, 0, 5, 1, 0, 4][..], &[7; 16], &[1, 187]].concat();
        assert!(talk(&v6).await.0);
        let name = [&[5, 1, 0, 5, 1, 0, 3, 3][..], b"dc2", &[1, 187]].concat();
        assert!(talk(&name).await.0);
        let password = [&[5, 1, 2, 1, 1, b'u', 1, b'p', 5, 1, 0, 3, 0][..], &[1, 187]].concat();
        assert!(talk(&password).await.0);
    }

    #[tokio::test]
    async fn anything_else_is_rejected() {
        assert_eq!(talk(&[5, 1, 9]).await, (false, vec![5, 0xff]));
        let bind = [5, 1, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0];
        assert_eq!(talk(&bind).await, (false, [&[5, 0], &NOT_SUPPORTED[..]].concat()));
        for cut in [&[][..], &[4, 1, 0], &[5], &[5, 1, 0, 5, 1, 0, 1, 1], &[5, 1, 0, 5, 1, 0, 9, 1]] {
            assert!(!talk(cut).await.0, "{cut:?}");
        }
    }
}
