//! TDLib on standard input and output: each input line is a request, each output line is what TDLib sends. The tests of
//! this crate, or a shell, drive the real TDLib with it:
//!
//! ```sh
//! telescope-sandbox run -- tdjson_pipe
//! {"@type":"getOption","name":"version"}
//! ```
//!
//! A line that starts with a number and a space is for the client with that number, counted from 1.

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::var("TDLIB_LIBRARY")?;
    let library = Arc::new(tdjson::Library::open(Path::new(&path))?);
    library.execute(r#"{"@type":"setLogVerbosityLevel","new_verbosity_level":1}"#);
    let sender = Arc::clone(&library);
    std::thread::spawn(move || {
        let mut clients = HashMap::new();
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let (client, request) = match line.split_once(' ') {
                Some((number, request)) if number.parse::<u32>().is_ok() => (number.to_owned(), request),
                _ => ("1".to_owned(), line.as_str()),
            };
            let client = *clients.entry(client).or_insert_with(|| sender.create_client_id());
            sender.send(client, request);
        }
        // TDLib crashes when it is unloaded with open clients, so the process exits without unloading it.
        tdjson::exit_now(0);
    });
    loop {
        if let Some(line) = library.receive(1.0) {
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
                tdjson::exit_now(0);
            }
        }
    }
}
