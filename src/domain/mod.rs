//! The domain model: accounts, people, privileges and the stages of a login.
//!
//! Everything here is pure: no web, SQL, TDLib, clock or randomness. The rest of the program provides those. So this
//! module can be read first and tested alone.

pub mod access;
pub mod account;
pub mod audit;
pub mod backoff;
pub mod bot;
pub mod confirmation;
pub mod device;
pub mod device_login;
pub mod direction;
pub mod email;
pub mod error;
pub mod identifier;
pub mod identity;
pub mod ids;
pub mod invite;
pub mod invite_list;
pub mod job;
pub mod job_line;
pub mod login_code;
pub mod name;
pub mod offboarding;
pub mod period;
pub mod phone;
pub mod picture;
pub mod privilege;
pub mod proxy;
pub mod refusal;
pub mod request_info;
pub mod reveal;
pub mod search;
pub mod secret;
pub mod session_end;
pub mod stage;
pub mod time;
pub mod two_step;
pub mod typed;

pub use account::{Account, DesiredState, Network, Snapshot};
pub use bot::{BotError, BotId, BotToken};
pub use confirmation::Confirmation;
pub use device::{Device, DeviceId, DeviceRequest, Devices};
pub use device_login::{DeviceFault, LoginLink, NewDevice};
pub use email::{Email, EmailDomain};
pub use identifier::{AccountKind, Identifier};
pub use identity::{Identity, ProviderGroups, UnknownGroups};
pub use ids::{AccountId, GroupId, InviteId, JobId, ProxyId, RevealId, RoleId, UserId};
pub use period::{Period, PeriodError};
pub use phone::Phone;
pub use proxy::{ProxyConfig, ProxyFault, ProxyKind};
pub use request_info::{RequestInfo, Subnet, client_address};
pub use secret::Secret;
pub use session_end::SessionEndReason;
pub use stage::{Input, Stage, StageToken};
pub use time::Millis;
