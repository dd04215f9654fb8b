//! One id type per noun, so that an account's id can't be confused with a person's.
//!
//! Ids are UUIDv7: they sort by creation time, can be generated without the database, and can't be guessed. In the
//! database they are TEXT, which SQLite and Postgres treat alike.

/// Defines an id type over a UUID, with its text and database forms.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id, greater than all earlier ones.
            pub fn generate() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        $crate::domain::ids::text_in_database!($name);
    };
}

/// Stores a type as TEXT in either database, using its `Display` and `FromStr`.
macro_rules! text_in_database {
    ($name:ty) => {
        crate::domain::ids::text_in_database!($name, |value| value.to_string(), |text| Ok(text.parse()?));
    };
    // With other functions to write and to read it.
    ($name:ty, $write:expr, $read:expr $(,)?) => {
        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            String: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as sqlx::Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <String as sqlx::Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            String: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut <DB as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let write: fn(&$name) -> String = $write;
                write(self).encode_by_ref(buffer)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            String: sqlx::Decode<'r, DB>,
        {
            fn decode(value: <DB as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let read: fn(String) -> Result<$name, sqlx::error::BoxDynError> = $read;
                read(<String as sqlx::Decode<'r, DB>>::decode(value)?)
            }
        }
    };
}
pub(crate) use text_in_database;

/// Defines an enum that is stored by the names of its variants.
macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$each:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash,
            strum::Display, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
        )]
        pub enum $kind { $($(#[$each])* #[strum(serialize = $name)] $variant),+ }

        impl $kind {
            /// The name in the database.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }

        $crate::domain::ids::text_in_database!($kind);
    };
}
pub(super) use named;

id!(
    /// A Telegram account of the organisation.
    AccountId
);

impl AccountId {
    /// A number that differs between accounts, to spread their periodic work over time.
    pub const fn spread(self) -> u64 {
        self.0.as_u64_pair().1
    }
}

id!(
    /// A person who signs in to Telescope.
    UserId
);
id!(
    /// A group of accounts.
    GroupId
);
id!(
    /// A proxy for connections to Telegram.
    ProxyId
);
id!(
    /// A role that people have.
    RoleId
);
id!(
    /// A job: long work that survives a restart.
    JobId
);
id!(
    /// A request to see a secret.
    RevealId
);
id!(
    /// A one-time link with which a person brings an account in.
    InviteId
);
