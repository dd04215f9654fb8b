//! A local Telegram server for tests: unmodified Telegram clients sign in to it.
//!
//! Programs that use Telegram are hard to test against the real servers. This crate is a small server of its own. It
//! speaks MTProto, stores accounts, login codes, two-step passwords and sessions, and runs on loopback. The stock TDLib
//! signs in to it, and so does Telethon.
//!
//! # Layers
//!
//! Each module uses only modules below it; `tests/it/architecture.rs` checks this.
//!
//! ```text
//! launcher                    runs a TDLib program against a server, in an empty network
//! sandbox -> phones -> handle starts a server; the page with the test phones; actions on a running server
//! server                      connections, packets, requests, delivery, floods, saving
//! network, storage            simulated faults and clock; the data directory
//! rpc                         one function per method of the schema
//! backend                     accounts, keys, devices, codes, messages: a plain value
//! mtproto, transport          envelopes, sessions, salts, key exchange; framings and SOCKS5
//! crypto, bytes, clock, error
//! ```
//!
//! A packet goes through `transport`, `server::receive` and `mtproto::envelope`; its messages are then service messages or
//! requests, which `rpc` answers from the `backend`. Changes of the backend leave events, which `server` delivers to the
//! sessions they concern. They are saved before a client gets its answer, so killing the server loses nothing.
//!
//! Parsing untrusted bytes never panics: reading goes through `bytes`, nesting and sizes are bounded, and malformed input
//! closes only its own connection.
//!
//! # Starting a server in a test
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telescope_sandbox::{Options, PhoneNumber, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default()).await?;
//! let ada: PhoneNumber = "99966 2 1234".parse()?;
//! sandbox.set_password(&ada, "correct horse", "four words").await;
//! sandbox.sign_in_elsewhere(&ada).await;
//! println!("proxy {}, public key {}", sandbox.socks_address(), sandbox.public_key_pem());
//! # Ok(())
//! # }
//! ```

pub mod backend;
mod bytes;
pub mod clock;
pub mod crypto;
mod error;
mod handle;
pub mod launcher;
pub mod mtproto;
mod network;
mod phones;
pub mod rpc;
mod sandbox;
mod serde_base64;
mod server;
mod storage;
pub mod transport;

pub use backend::{
    Account, App, Deliveries, Delivery, InvalidBot, InvalidPhoneNumber, LoginEmail, NewDevice, PhoneNumber,
    Place,
};
pub use error::RpcError;
pub use grammers_tl_types as tl;
pub use handle::Handle;
pub use network::ConnectionFault;
pub use sandbox::{Options, Sandbox, StartError};
pub use server::flood::FloodLimit;
pub use server::{Answer, Caller};
