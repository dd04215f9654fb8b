//! Works on the bytes of a connection, for two things that hyper doesn't let us change: it accepts request heads whose
//! lines end with a bare line feed, which proxies may split differently, and its own answers to malformed heads have
//! none of our headers.

use axum::http::HeaderMap;

use super::headers;

/// Follows the head of a request as it arrives.
#[derive(Debug, Default)]
pub(super) struct HeadScanner {
    previous: u8,
    /// Whether the current line has any characters, and whether any line had.
    in_line: bool,
    begun: bool,
    ended: bool,
}

impl HeadScanner {
    /// Overwrites each line feed without a carriage return, so that the parser refuses the head as malformed. What
    /// follows the head is not changed.
    pub(super) fn scan(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.ended {
                return;
            }
            match *byte {
                b'\n' if self.previous != b'\r' => *byte = 0,
                b'\n' => {
                    self.ended = self.begun && !self.in_line;
                    self.in_line = false;
                }
                b'\r' => {}
                _ => (self.in_line, self.begun) = (true, true),
            }
            self.previous = *byte;
        }
    }
}

/// The replacement for an answer that no handler made; None if a handler made it.
pub(super) fn instead_of(answer: &[u8]) -> Option<Vec<u8>> {
    let is_refusal = answer.starts_with(b"HTTP/1.1 4") && answer.ends_with(b"\r\n\r\n");
    let text = std::str::from_utf8(answer).ok().filter(|_| is_refusal)?;
    let mut lines = text.trim_end().split("\r\n");
    let status = lines.next()?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    bare.then(|| refusal(status))
}

fn refusal(status: &str) -> Vec<u8> {
    let mut added = HeaderMap::new();
    headers::add(&mut added, &uuid::Uuid::now_v7().to_string(), false);
    let mut answer = format!("{status}\r\ncontent-length: 0\r\nconnection: close\r\n").into_bytes();
    for (name, value) in &added {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            answer.extend_from_slice(part);
        }
    }
    answer.extend_from_slice(b"\r\n");
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a text that arrives in pieces of that size.
    fn scanned(text: &str, size: usize) -> String {
        let mut scanner = HeadScanner::default();
        let mut bytes = text.as_bytes().to_vec();
        bytes.chunks_mut(size).for_each(|piece| scanner.scan(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_bare_line_feeds_of_a_head_are_spoiled() {
        let form = "POST / HTTP/1.1\r\na: b\r\n\r\nx=1\n2\n\n";
        for size in 1..30 {
            assert_eq!(scanned(form, size), form);
            assert_eq!(scanned("\r\nGET / HTTP/1.1\r\n\r\n\n", size), "\r\nGET / HTTP/1.1\r\n\r\n\n");
            assert_eq!(scanned("GET / HTTP/1.1\na: b\n\n", size), "GET / HTTP/1.1\0a: b\0\0");
            assert_eq!(
                scanned("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n", size),
                "GET / HTTP/1.1\r\na: b\0c: d\r\n\r\n"
            );
            assert_eq!(scanned("GET / HTTP/1.1\r\na: b\r\n\n", size), "GET / HTTP/1.1\r\na: b\r\n\0");
        }
    }

    #[test]
    fn only_answers_that_no_handler_made_are_replaced() {
        let of_hyper =
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        let ours = String::from_utf8(instead_of(of_hyper).unwrap()).unwrap();
        assert!(
            ours.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n"),
            "{ours}"
        );
        assert!(
            ours.contains("\r\ncontent-security-policy: default-src 'none'") && ours.ends_with("\r\n\r\n"),
            "{ours}"
        );
        for other in [
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 4",
        ] {
            assert_eq!(instead_of(other.as_bytes()), None, "{other}");
        }
    }
}
