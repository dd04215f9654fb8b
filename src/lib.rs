//! Telescope keeps an organisation's Telegram accounts. This page is its architecture.
//!
//! # The parts, and who may call whom
//!
//! ```text
//! main ── app ── web ── ops ──┬── store      (all SQL, both databases)
//!                             ├── telegram   (all that knows TDLib)
//!                             ├── jobs       (long work: rows, and who works on them)
//!                             ├── sso        (who somebody is, as others prove it)
//!                             └── domain     (pure: what it is all about)
//! ```
//!
//! Calls go downwards only, and a test reads the `use` lines to hold that. Pages read the [`store`] and the
//! [`directory`]; only [`ops`] changes anything. [`store`] and [`telegram`] do not know each other. axum and
//! askama are known to [`web`] alone (and to [`app`], to serve), sqlx to [`store`], TDLib's types to
//! [`telegram`]; the only `unsafe` is in the crate `tdjson`.
//!
//! # How things flow
//!
//! * **A person does something**: a form becomes typed values and a proof of permission
//!   ([`domain::access::Grant`]); one function of [`ops`] takes both, changes the database, and asks the
//!   account's actor ([`telegram::account`]), which asks TDLib. A wrong code is not an error page but the same
//!   stage with a problem in words.
//! * **Telegram says something**: a td-host process ([`telegram::host`]) drops what nobody wants and sends the
//!   rest up; the account's actor changes its picture and publishes it whole ([`domain::Snapshot`]); the
//!   [`directory`] is swapped; open pages get the rows that changed, if their viewers may see them.
//! * **A person wants to see a secret**: with a reason, and where a group of accounts wants it after another person has
//!   approved ([`ops::approval`]); the transaction that writes it down decides all of that anew, and only then is the
//!   secret the answer to the form.
//! * **Something takes long**: it is a row ([`jobs`]), and goes on from its last step after every end of the program.
//! * **Somebody comes**: through an OpenID provider, or with an assertion that a proxy has signed, which is verified on
//!   each request ([`sso`]); or, where anybody may claim any address, by a form. The first request begins a web
//!   session; a session without the assertion that it belongs to is worth nothing.
//! * **A process dies**: TDLib lives in child processes, so a crash in it costs its accounts seconds and
//!   nobody else anything. Sessions are on disk; no start ever asks Telegram for a code.
//! * **Another server is started**: it waits as long as the first holds the database's lease
//!   ([`store::lease`]). Whoever was taken over from can't write any more, and ends.
//!
//! # Where to begin reading
//!
//! [`domain::stage`] and [`domain::access`] say what the program is about; [`app`] how it starts and stops;
//! `web`'s route table is the list of features.

pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod live;
pub mod node;
pub mod ops;
pub mod process;
pub mod serve;
pub mod sso;
pub mod store;
pub mod tasks;
pub mod telegram;
pub mod web;
