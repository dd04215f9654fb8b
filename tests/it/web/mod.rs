//! The pages, in this process: requests go into the router and answers are read with CSS selectors. There is
//! no TDLib here; what an account's client would say is put into the directory.

mod access;
mod account_page;
mod accounts;
pub mod app;
mod assertions;
mod background;
mod behind;
mod crowd;
mod domains;
mod edit_account;
mod forms;
mod forwarded;
mod guards;
mod hostile;
mod limits;
mod live;
mod looking_again;
mod many;
mod oidc;
mod privileges;
mod reaching;
mod refusals;
mod revealed_password;
mod reveals;
mod rights;
mod sessions;
mod standby;
mod stored_password;
mod streams;
mod through_proxy;
mod trail;
mod trail_export;
mod trail_retention;
mod users;
mod walk;
