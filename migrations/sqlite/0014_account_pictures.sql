-- The small profile picture of each account's Telegram user, sealed. It is a copy: one that was
-- sealed with a key that is not in the settings is fetched again.
create table account_pictures (
    account_id text not null references accounts (id) on delete cascade,
    photo_id bigint not null,
    key_id text not null,
    sealed text not null,
    stored_at bigint not null,
    constraint account_pictures_account_id_unique primary key (account_id)
);
