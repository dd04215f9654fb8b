-- What was last known of each account, for the time when its client does not run: the newest value only, the
-- history is in the audit trail.
create table account_states (
    account_id text not null references accounts (id) on delete cascade,
    stage text not null,
    ending text,
    telegram_id bigint,
    name text,
    username text,
    updated bigint not null,
    constraint account_states_account_id_unique primary key (account_id)
);
