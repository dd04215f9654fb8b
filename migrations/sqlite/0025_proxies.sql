-- Proxies for connections to Telegram. Address, user name and password are sealed together in sealed_secrets, so that a
-- password is never sent to an address that was changed with SQL. That a proxy is the default counts with a proof only.
create table proxies (
    id text not null,
    name text not null,
    name_folded text not null,
    is_default boolean not null,
    default_proof text,
    created bigint not null,
    constraint proxies_id_unique primary key (id),
    constraint proxies_name_folded_unique unique (name_folded)
);

-- What was selected for accounts and groups. Without a proxy, connections are direct. Each row counts with a proof only.
create table account_proxies (
    account_id text not null references accounts (id) on delete cascade,
    proxy_id text references proxies (id) on delete cascade,
    proof text,
    constraint account_proxies_account_id_unique primary key (account_id)
);
create index account_proxies_proxy on account_proxies (proxy_id);

create table group_proxies (
    group_id text not null references account_groups (id) on delete cascade,
    proxy_id text references proxies (id) on delete cascade,
    proof text,
    constraint group_proxies_group_id_unique primary key (group_id)
);
create index group_proxies_proxy on group_proxies (proxy_id);

-- Changes with SQL are noticed, and take effect within a second.
create trigger proxies_inserted after insert on proxies
begin update access_version set version = version + 1; end;
create trigger proxies_updated after update on proxies
begin update access_version set version = version + 1; end;
create trigger proxies_deleted after delete on proxies
begin update access_version set version = version + 1; end;

create trigger account_proxies_inserted after insert on account_proxies
begin update access_version set version = version + 1; end;
create trigger account_proxies_updated after update on account_proxies
begin update access_version set version = version + 1; end;
create trigger account_proxies_deleted after delete on account_proxies
begin update access_version set version = version + 1; end;

create trigger group_proxies_inserted after insert on group_proxies
begin update access_version set version = version + 1; end;
create trigger group_proxies_updated after update on group_proxies
begin update access_version set version = version + 1; end;
create trigger group_proxies_deleted after delete on group_proxies
begin update access_version set version = version + 1; end;
