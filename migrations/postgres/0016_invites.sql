-- One-time links with which people bring in an account. A row counts only with its proof, see the other rows that give
-- access. The link is not stored, only its SHA-256 and the number of the turn that it is derived from.
create table invites (
    id text not null,
    kind text not null,
    creator text not null references users (id) on delete cascade,
    person text not null,
    phone text,
    comment text not null,
    group_ids text not null,
    created bigint not null,
    hours bigint not null,
    expires bigint not null,
    turn bigint not null,
    token_hash text not null,
    state text not null,
    browser text,
    account_id text references accounts (id) on delete cascade,
    proof text,
    constraint invites_id_unique primary key (id)
);
create unique index invites_token_hash on invites (token_hash);
create index invites_creator_created on invites (creator, created);
create index invites_state on invites (state);
