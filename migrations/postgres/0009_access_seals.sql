-- What gives a person access carries a proof: a MAC over the row, with a key that the database does not have. A row
-- without a valid proof gives nothing. Rows that are there already get theirs at the first start.
alter table users add column admin_proof text;
alter table identities add column proof text;
alter table role_members add column proof text;
alter table group_role_privileges add column proof text;
alter table role_system_privileges add column proof text;

-- An approval names the audit entry that recorded it.
alter table reveal_requests add column proof text;
alter table reveal_requests add column entry bigint;

-- The version that Telescope itself left behind, with its proof: any other was made by someone else.
alter table access_version add column sealed bigint;
alter table access_version add column proof text;

-- Sessions are found by a MAC of their id from now on, and what they hold is encrypted. People sign in once more.
delete from web_sessions;
