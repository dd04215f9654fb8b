//! x
pub mod bytes; pub mod clock; mod connection; pub mod crypto; pub mod dh; pub mod disk; pub mod envelope; pub mod error; pub mod handshake; pub mod launcher; mod phones; mod receive; pub mod rpc; pub mod rsa; pub mod salts; pub mod sandbox; pub mod server; mod service; pub mod session; pub mod sessions; pub mod socks; pub mod srp; pub mod transport; pub mod world;
pub use sandbox::*;
