//! Telescope manages an organisation's Telegram accounts. `docs/architecture.md` describes the architecture in full;
//! this page is its summary.
//!
//! # Layers
//!
//! ```text
//! serve, cli
//!   -> web -> http        tasks    jobs    node
//!        -> ops                         (the only code that changes anything)
//!             -> context
//!                  -> live              (what pages read without the database; the event bus)
//!                     store             (all SQL, for both databases)
//!                     telegram          (all code that knows TDLib)
//!                     sso               (assertions, keys, OpenID Connect)
//!                     mail              (e-mails by SMTP)
//!                       -> config -> crypto -> clock -> domain
//! ```
//!
//! A module uses only those below it; `tests/it/architecture/layers.rs` has the exact table and reads the sources to
//! enforce it. `web` may read `store` and `live`; only `ops` writes. `store` and `telegram` don't know each other.
//! axum and askama are used in `web`, sqlx in `store`, TDLib's types in `telegram`; the only `unsafe` is in the crate
//! `tdjson`.
//!
//! # Flows
//!
//! * **From a page to Telegram**: a form becomes typed values and a grant (`domain::access::Grant`). One function of
//!   `ops` takes both, changes the database, and asks the account's task (`telegram::client`), which asks TDLib. A
//!   wrong code is not an error page but the same status with a message.
//! * **From Telegram to a page**: a td-host process (`telegram::host`) drops updates that nothing needs and passes
//!   the rest on. The account's task publishes an immutable snapshot to `live`, and open pages get the rows that
//!   changed, if their viewers may see them.
//! * **Showing a secret**: a person gives a reason, and where a group requires it a second person approves. The
//!   transaction that writes the audit entry checks everything again; only then does the response contain the secret.
//! * **Long-running work** is a row (`jobs`) and continues from its last step after the process ended in any way.
//! * **Sign-in**: through an OpenID provider, or with an assertion that a proxy signs and that is verified on each
//!   request (`sso`). A session without the assertion that it belongs to is invalid.
//! * **A process dies**: TDLib runs in child processes, so a crash costs its accounts seconds and nothing else.
//!   Sessions are on disk; no start ever requests a login code.
//! * **A second server** stands by while the first one holds the lease on the database (`store::lease`). A server
//!   that has lost the lease can't write any more, and exits.
//!
//! # Where to start reading
//!
//! `domain::stage` and `domain::access` say what the program is about, `serve` how it starts and stops, and
//! `web::routes` is the list of features.

pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod node;
pub mod ops;
pub mod process;
pub mod serve;
pub mod sso;
pub mod store;
pub mod tasks;
pub mod telegram;
pub mod web;
pub mod words;
