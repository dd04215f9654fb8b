//! The error codes of wrong input.

use super::ErrorCode;
use crate::domain::access::{EscalationError, Refusal};
use crate::domain::bot::BotError;
use crate::domain::device::DeviceError;
use crate::domain::device_login::DeviceFault;
use crate::domain::email::EmailError;
use crate::domain::phone::PhoneError;
use crate::domain::proxy::ProxyFault;
use crate::domain::reveal::ReasonError;

impl From<PhoneError> for ErrorCode {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Empty => Self::PhoneMissing,
            PhoneError::Character => Self::PhoneCharacter,
            PhoneError::Length => Self::PhoneLength,
            PhoneError::CountryCode => Self::PhoneCountryCode,
        }
    }
}

impl From<BotError> for ErrorCode {
    fn from(why: BotError) -> Self {
        Self::Bot { why }
    }
}

impl From<DeviceError> for ErrorCode {
    fn from(why: DeviceError) -> Self {
        Self::Device { why }
    }
}

impl From<DeviceFault> for ErrorCode {
    fn from(fault: DeviceFault) -> Self {
        Self::DeviceLogin { fault }
    }
}

impl From<ProxyFault> for ErrorCode {
    fn from(fault: ProxyFault) -> Self {
        Self::Proxy { fault }
    }
}

impl From<EmailError> for ErrorCode {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Empty => Self::EmailMissing,
            EmailError::Form => Self::EmailForm,
            EmailError::Character => Self::EmailCharacter,
            EmailError::Length => Self::EmailLength,
        }
    }
}

impl From<ReasonError> for ErrorCode {
    fn from(error: ReasonError) -> Self {
        match error {
            ReasonError::Length => Self::ReasonLength,
            ReasonError::Character => Self::ReasonCharacter,
        }
    }
}

impl From<EscalationError> for ErrorCode {
    fn from(error: EscalationError) -> Self {
        match error {
            EscalationError::Account(missing) => {
                Self::PrivilegeNotHeldThere { privilege: missing.name().to_owned() }
            }
            EscalationError::System(missing) => {
                Self::PrivilegeNotHeld { privilege: missing.name().to_owned() }
            }
            EscalationError::OwnRoles => Self::OwnRoles,
            EscalationError::OwnAccount => Self::OwnAccount,
            EscalationError::Above => Self::AboveYou,
            EscalationError::AdministratorsOnly => Self::AdministratorsOnly,
        }
    }
}

impl From<Refusal> for ErrorCode {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotVisible => Self::NotFound,
            Refusal::Missing(privilege) => Self::MissingPrivilege { privilege: privilege.name().to_owned() },
            Refusal::MissingSystem(privilege) => {
                Self::MissingPrivilege { privilege: privilege.name().to_owned() }
            }
        }
    }
}
