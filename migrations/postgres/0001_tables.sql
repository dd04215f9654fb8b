-- The tables that Telescope begins with. Only TEXT, BIGINT and BOOLEAN are used, which both databases treat
-- alike: ids are UUIDs as text, times are unix milliseconds, digests are hexadecimal digits. Each unique
-- constraint is called TABLE_COLUMNS_unique, since the program finds the field at fault by that name.

create table meta (
    key text not null,
    value text not null,
    constraint meta_key_unique primary key (key)
);

-- Accounts. A removed one keeps its row, so that its history has something to point to.
create table accounts (
    id text not null,
    phone text not null,
    owner text,
    comment text not null,
    wanted text not null,
    folder text not null,
    created bigint not null,
    removed_at bigint,
    constraint accounts_id_unique primary key (id),
    constraint accounts_folder_unique unique (folder)
);
create unique index accounts_phone_unique on accounts (phone) where removed_at is null;

-- name_folded is the name as it is compared: lower case.
create table account_groups (
    id text not null,
    name text not null,
    name_folded text not null,
    constraint account_groups_id_unique primary key (id),
    constraint account_groups_name_folded_unique unique (name_folded)
);

create table account_group_members (
    account_id text not null references accounts (id) on delete cascade,
    group_id text not null references account_groups (id) on delete cascade,
    constraint account_group_members_account_id_group_id_unique primary key (account_id, group_id)
);
create index account_group_members_group on account_group_members (group_id);

-- People, and who the identity provider says they are.
create table users (
    id text not null,
    email text not null,
    admin boolean not null,
    disabled boolean not null,
    created bigint not null,
    seen bigint not null,
    constraint users_id_unique primary key (id),
    constraint users_email_unique unique (email)
);

create table identities (
    issuer text not null,
    subject text not null,
    user_id text not null references users (id) on delete cascade,
    created bigint not null,
    constraint identities_issuer_subject_unique primary key (issuer, subject)
);
create index identities_user on identities (user_id);

-- Who may do what.
create table roles (
    id text not null,
    name text not null,
    name_folded text not null,
    constraint roles_id_unique primary key (id),
    constraint roles_name_folded_unique unique (name_folded)
);

-- source says who put the person in: a page or the identity provider.
create table role_members (
    role_id text not null references roles (id) on delete cascade,
    user_id text not null references users (id) on delete cascade,
    source text not null,
    constraint role_members_role_id_user_id_source_unique primary key (role_id, user_id, source)
);
create index role_members_user on role_members (user_id);

create table group_role_privileges (
    group_id text not null references account_groups (id) on delete cascade,
    role_id text not null references roles (id) on delete cascade,
    privilege text not null,
    constraint group_role_privileges_group_id_role_id_privilege_unique primary key (group_id, role_id, privilege)
);
create index group_role_privileges_role on group_role_privileges (role_id);

create table role_system_privileges (
    role_id text not null references roles (id) on delete cascade,
    privilege text not null,
    constraint role_system_privileges_role_id_privilege_unique primary key (role_id, privilege)
);

-- Codes asked for at Telegram, by number: they outlive the account, since Telegram counts by number too.
create table login_attempts (
    id text not null,
    phone text not null,
    at bigint not null,
    actor text not null,
    constraint login_attempts_id_unique primary key (id)
);
create index login_attempts_phone_at on login_attempts (phone, at);

-- Browsers that are signed in. Only the SHA-256 of a session's id is kept.
create table web_sessions (
    id_hash text not null,
    user_id text,
    data text not null,
    created bigint not null,
    seen bigint not null,
    expires bigint not null,
    constraint web_sessions_id_hash_unique primary key (id_hash)
);
create index web_sessions_expires on web_sessions (expires);
create index web_sessions_user on web_sessions (user_id);

-- Secrets, sealed with a key that the database does not have.
create table sealed_secrets (
    purpose text not null,
    row_id text not null,
    version bigint not null,
    key_id text not null,
    sealed text not null,
    stored_at bigint not null,
    rejected_at bigint,
    constraint sealed_secrets_purpose_row_id_unique primary key (purpose, row_id)
);
create index sealed_secrets_key on sealed_secrets (key_id);

-- What happened: a chain, so that a changed or missing entry shows. intent is the seq of the entry that said
-- before what was to be done. details and their salt can be blanked, their digest stays. The head is one row.
create table audit_log (
    seq bigint not null,
    at bigint not null,
    code text not null,
    outcome text not null,
    intent bigint,
    actor text not null,
    account text,
    reason text,
    address text,
    request_id text,
    details text,
    details_salt text,
    details_digest text,
    digest text not null,
    mac text not null,
    constraint audit_log_seq_unique primary key (seq)
);
create index audit_log_intent on audit_log (intent);
create index audit_log_outcome on audit_log (outcome, seq);
create index audit_log_actor on audit_log (actor, seq);
create index audit_log_account on audit_log (account, seq);
create index audit_log_code on audit_log (code, seq);

create table audit_head (
    id bigint not null,
    seq bigint not null,
    mac text not null,
    constraint audit_head_id_unique primary key (id)
);
insert into audit_head (id, seq, mac) values (1, 0, '');

-- Long work.
create table jobs (
    id text not null,
    kind text not null,
    args text not null,
    cursor text,
    state text not null,
    attempts bigint not null,
    not_before bigint not null,
    error text,
    actor text not null,
    created bigint not null,
    constraint jobs_id_unique primary key (id)
);
create index jobs_state_not_before on jobs (state, not_before);

-- Which server is the active one: one row.
create table lease (
    id bigint not null,
    holder text not null,
    epoch bigint not null,
    expires bigint not null,
    constraint lease_id_unique primary key (id)
);
insert into lease (id, holder, epoch, expires) values (1, '', 0, 0);
