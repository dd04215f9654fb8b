//! Helpers for the end-to-end tests: a stack of processes, the phones, a browser.

pub mod axe;
pub mod browser;
pub mod chromium;
pub mod db;
pub mod driver;
pub mod edit_form;
pub mod firefox;
pub mod login;
pub mod mail_server;
pub mod new_device;
pub mod nginx;
pub mod openid;
pub mod pgbouncer;
pub mod phones;
pub mod postgres;
pub mod processes;
pub mod proxy;
pub mod qr;
pub mod roles;
pub mod second;
pub mod sqlite;
pub mod squid;
pub mod stack;
pub mod text;
pub mod visitor;
pub mod waiting;

use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}
