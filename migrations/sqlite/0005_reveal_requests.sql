-- A group of accounts may want a second person's approval before a login code or a stored password is shown.
alter table account_groups add column reveals_need_approval boolean not null default false;

-- Who asked to see what, and who decided it. An approval is good for one reveal, until it expires.
create table reveal_requests (
    id text not null,
    account_id text not null references accounts (id) on delete cascade,
    kind text not null,
    requester text not null references users (id) on delete cascade,
    reason text not null,
    created bigint not null,
    expires bigint not null,
    state text not null,
    decided_by text references users (id) on delete cascade,
    decided_at bigint,
    note text,
    constraint reveal_requests_id_unique primary key (id)
);
create index reveal_requests_requester on reveal_requests (requester, account_id, kind);
create index reveal_requests_state_expires on reveal_requests (state, expires);
create index reveal_requests_created on reveal_requests (created);
