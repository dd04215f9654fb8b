//! Error codes: stable names with typed data that programs can distinguish. The messages are in `words::errors`, as an
//! exhaustive match.

mod conversions;
mod email_fault;
mod kinds;
mod rejected_edit;
mod two_step_fault;

use serde::{Deserialize, Serialize};

use super::bot::BotError;
use super::device::DeviceError;
use super::device_login::DeviceFault;
use super::invite::InviteDenied;
use super::invite_list::ListFault;
use super::job_line::LineFault;
use super::proxy::ProxyFault;
use super::refusal::LoginRefusal;
pub use email_fault::EmailFault;
pub use kinds::{GoneKind, NameKind};
pub use rejected_edit::RejectedEdit;
pub use two_step_fault::TwoStepFault;

/// Why an operation failed. The names are stable: a code is never renamed or reused for something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ErrorCode {
    // Input.
    TextCharacter,
    PhoneMissing,
    PhoneCharacter,
    PhoneLength,
    PhoneCountryCode,
    EmailMissing,
    EmailForm,
    EmailCharacter,
    EmailLength,
    CommentTooLong {
        max: usize,
    },
    CommentCharacter,
    NameInvalid {
        max: usize,
    },
    NameTaken {
        kind: NameKind,
    },
    ViewRequired,
    LoginCodeMissing,
    EmailCodeMissing,
    NameMissing,
    LoginCodeForm,
    /// Not as long as Telegram announced.
    LoginCodeLength {
        length: usize,
    },
    PasswordMissing,
    PasswordForm,
    ReasonLength,
    ReasonCharacter,
    NoteTooLong {
        max: usize,
    },
    NoteCharacter,
    DigitsWrong,
    PhoneTaken,
    /// A person tried several numbers of accounts that they can't see.
    TooManyTakenNumbers,
    PhoneUnchanged,
    /// The account was logged in with its number.
    NumberInUse,
    PhoneBeingRemoved,
    Bot {
        why: BotError,
    },
    // Accounts and logins.
    TestEnvironmentOnly,
    NoTestNumberFree,
    AlreadyBeingRemoved,
    NotBeingRemoved,
    NotLoggedIn,
    FormStale,
    /// Another person changed these details of the account after the form was made.
    DetailsChanged {
        owner: bool,
        comment: bool,
        groups: bool,
        by: Option<String>,
    },
    /// Another person renamed it after the form was made.
    RenamedMeanwhile {
        kind: NameKind,
        name: String,
    },
    /// Telegram accepts no request for this number yet.
    FloodWait {
        seconds: i64,
    },
    Busy,
    NotExpectedNow,
    Disconnected,
    CodesUsedUp {
        used: i64,
        limit: i64,
    },
    TooManyCodes {
        limit: i64,
    },
    TooManyCodesHere {
        limit: i64,
    },
    /// A person changed the login of an account very often.
    TooManyLoginChanges {
        limit: usize,
    },
    /// No code that was requested for the number counts.
    NoCodesCounted,
    TooManyInputs {
        limit: i64,
    },
    Device {
        why: DeviceError,
    },
    TelegramUnreachable,
    TelegramRefused {
        why: LoginRefusal,
    },
    // Invites.
    InviteUnusable {
        why: InviteDenied,
    },
    InviteOver,
    InviteLinkUnreadable,
    InviteList {
        fault: ListFault,
    },
    InviteLifetime {
        days: u32,
    },
    TooManyInvites {
        limit: i64,
    },
    TooManyOwnAccounts {
        limit: i64,
    },
    InviteEmail {
        fault: EmailFault,
    },
    TwoStep {
        fault: TwoStepFault,
    },
    Proxy {
        fault: ProxyFault,
    },
    JobLine {
        fault: LineFault,
    },
    /// It does not say whose account it is.
    InviteNumberTaken,
    ConsentMissing,
    OnboardingClosed,
    // Secrets and approvals.
    PasswordNotStored,
    PasswordUnreadable,
    /// It was stored or removed by another person after the form was made.
    PasswordReplaced,
    NoLoginCode,
    LoginCodeStale {
        minutes: i64,
    },
    NotConnectedForCode,
    NotLoggedInForCode,
    NotWaitingForCode,
    DeviceLogin {
        fault: DeviceFault,
    },
    ApprovalRequired,
    /// The account's groups require it, and this web session has no recent confirmation.
    IdentityNotConfirmed,
    /// The way in which people sign in confirms no one's identity.
    ConfirmationImpossible,
    /// Another person signed in to confirm the identity of this one.
    ConfirmedByAnother {
        person: String,
    },
    EmergencyNotAllowed,
    ApprovalPending,
    ApprovalSpent,
    ApprovalUsed,
    ApprovalDeclined {
        by: String,
        note: Option<String>,
    },
    ApprovalExpired,
    ApproverRevoked {
        by: String,
    },
    RequestExpired,
    ApprovalNotNeeded,
    AlreadyRequested,
    NoApprover,
    OwnRequest,
    AlreadyDecided,
    RequestApproved {
        by: String,
    },
    RequestUsed {
        by: String,
    },
    RequestDeclined {
        by: String,
    },
    RequestOver,
    RequestWithdrawn,
    /// The approver has that permission from the person who made the request, since less than a day.
    ApproverGivenByRequester {
        person: String,
    },
    RequesterLostAccess {
        person: String,
    },
    PeopleOnly,
    // Access.
    MissingPrivilege {
        privilege: String,
    },
    PrivilegeNotHeldThere {
        privilege: String,
    },
    PrivilegeNotHeld {
        privilege: String,
    },
    OwnRoles,
    OwnAccount,
    AboveYou,
    AdministratorsOnly,
    OwnUser,
    NamedInAdminEmails,
    UserBlocked,
    LastAdministrator,
    SameAddress,
    AddressTaken,
    DomainNotListed,
    PolicyChanged,
    Gone {
        kind: GoneKind,
    },
    RoleFromProvider,
    // Files of access rules.
    FileSyntax {
        text: String,
    },
    FileDuplicate {
        kind: NameKind,
        name: String,
    },
    FileUnknownAccount {
        account: String,
        group: String,
    },
    FileUnknownGroup {
        group: String,
        role: String,
    },
    FileUnknownPrivilege {
        name: String,
    },
    FileValue {
        value: String,
        error: Box<Self>,
    },
    ImportRejected {
        edits: Vec<RejectedEdit>,
    },
    // Signing in.
    Blocked,
    EmailUnverified {
        email: String,
    },
    OtherIdentity,
    DomainNotAdmitted {
        email: String,
    },
    // General.
    NotFound,
    UnknownUser {
        email: String,
    },
    UnknownAccount {
        phone: String,
    },
    UnknownRequest,
    DatabaseUnavailable,
    TakenOver,
    Internal,
}
