-- The devices that are signed in to each account, as Telegram last listed them, sealed with the time
-- of that as version. It is a copy: one that was sealed with a key that is not in the settings is
-- read again.
create table account_devices (
    account_id text not null references accounts (id) on delete cascade,
    read_at bigint not null,
    key_id text not null,
    sealed text not null,
    constraint account_devices_account_id_unique primary key (account_id)
);
