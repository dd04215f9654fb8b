//! The macro for the list of events.

/// Defines [`AuditEvent`](super::AuditEvent) and [`AuditKind`](super::AuditKind) from a list of
/// `/// Meaning` and `"code" => Variant { details }`. The meaning is a phrase that pages and exports show.
macro_rules! audit_events {
    ($(
        #[doc = $meaning:literal]
        $code:literal => $variant:ident $({ $($(#[$attribute:meta])* $field:ident: $type:ty),+ $(,)? })?
    ),+ $(,)?) => {
        /// Something that happened, or is about to happen.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "code", content = "details")]
        pub enum AuditEvent {
            $(
                #[doc = $meaning]
                #[serde(rename = $code)]
                $variant $({ $($(#[$attribute])* $field: $type),+ })?,
            )+
            /// An event of a newer version, or one whose details were removed.
            #[serde(skip)]
            Unknown { code: String, details: Option<String> },
        }

        /// The kinds of events, without their details.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind {
            $(#[doc = $meaning] $variant),+
        }

        impl AuditKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, in the database and in exports.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What happened, as a phrase.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii()),+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl AuditEvent {
            /// The stable name of its kind.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                    Self::Unknown { code, .. } => code,
                }
            }
        }
    };
}
pub(super) use audit_events;
