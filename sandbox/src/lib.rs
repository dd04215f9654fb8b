//! A Telegram of one's own: a local server that unmodified Telegram clients sign in to.
//!
//! Programs that use Telegram are hard to test, because there is only one Telegram and it is not yours. This
//! crate is a small second one. It speaks MTProto as the real servers do, keeps accounts, login codes, two-step
//! passwords and sessions, and runs on loopback. The stock TDLib signs in to it; so does Telethon.
//!
//! # From the socket inwards
//!
//! ```text
//! socks -> connection -> transport      TCP: a proxy's greeting, bytes, packets
//!              |
//!           receive -> handshake        a packet in the clear: the key exchange
//!              |
//!           envelope -> session         a packet under a key: messages, ids, salts, acknowledgements
//!              |
//!           service | request -> rpc    a message about the session, or a request
//!              |
//!           world -> disk               what this Telegram knows, and where it is kept
//! ```
//!
//! * [`transport`] cuts a byte stream into packets. [`handshake`] agrees on keys. [`envelope`] decrypts packets
//!   and unpacks containers. None of them does I/O: bytes go in, values come out.
//! * [`session`] remembers what a client sent and what it has not confirmed. It outlives the connection.
//! * [`rpc`] has one function per method, from a request of the schema to the answer that the schema names for
//!   it. The types are those of `grammers-tl-types`, layer 222.
//! * [`world`] is a plain value with everything that matters. Changes to it leave events behind, which
//!   [`server`] hands to the sessions that have to hear of them. [`disk`] writes it before a client gets its
//!   answer, so that killing the server loses nothing.
//! * [`sandbox`] is the front for Rust programs: start a server. [`handle`] acts on it: make phones, order
//!   faults, override answers.
//! * `phones` is the front for people and other programs: a page and a few forms.
//! * [`launcher`] runs any program that uses TDLib against a server, in a network where nothing else exists.
//!
//! Strangers' bytes never panic: reading goes through [`bytes`], nesting and sizes are bounded, and what is
//! malformed closes its own connection and no other.
//!
//! # Starting one in a test
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telescope_sandbox::{Options, Sandbox, number};
//!
//! let sandbox = Sandbox::start(Options::default()).await?;
//! let ada = number("99966 2 1234")?;
//! sandbox.set_password(&ada, "correct horse", "four words").await;
//! sandbox.sign_in_elsewhere(&ada).await;
//! println!("proxy {}, trust {}", sandbox.socks_address(), sandbox.public_key_pem());
//! # Ok(())
//! # }
//! ```

pub mod bytes;
pub mod clock;
mod connection;
pub mod crypto;
mod deliver;
pub mod dh;
pub mod disk;
pub mod envelope;
pub mod error;
mod flood;
pub mod handle;
pub mod handshake;
pub mod launcher;
mod network;
mod phones;
mod receive;
mod request;
pub mod rpc;
pub mod rsa;
pub mod salts;
pub mod sandbox;
pub mod server;
mod service;
pub mod session;
pub mod sessions;
pub mod socks;
pub mod srp;
pub mod transport;
pub mod world;

pub use error::RpcError;
pub use flood::FloodEnd;
pub use grammers_tl_types as tl;
pub use handle::Handle;
pub use network::Breakage;
pub use sandbox::{NotANumber, Options, Sandbox, StartError, number};
pub use server::{Answer, Session};
pub use world::{Account, Number};
