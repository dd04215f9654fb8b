-- A role of Postgres for `telescope serve` that can add to the audit trail and can't change it.
--
-- Run it as the role that owns the tables, after `telescope migrate` as the same role:
--
--     psql "$OWNERS_DSN" -f scripts/postgres-server-role.sql
--
-- The role telescope_server is made if it is missing and yours may make roles; otherwise let somebody make it first.
-- Give it a way to sign in (alter role telescope_server password '...', or pg_hba.conf) and name it in DB_DSN.
-- It may be run again at any time. Tables that a later version adds are seen to by the default privileges below.

begin;

do $$
begin
    if not exists (select from pg_roles where rolname = 'telescope_server') then
        create role telescope_server login;
    end if;
end
$$;

grant usage on schema public to telescope_server;
revoke all on all tables in schema public from telescope_server;
grant select, insert, update, delete on all tables in schema public to telescope_server;

-- The trail is added to and read. Its end moves on, and there is always one.
revoke update, delete on audit_log from telescope_server;
revoke insert, delete on audit_head from telescope_server;

-- The list of what was done to the tables is for `telescope migrate`.
revoke insert, update, delete on _sqlx_migrations from telescope_server;

-- Nobody but the owner makes tables, functions or triggers here. (Postgres 15 begins so.)
revoke create on schema public from public;

alter default privileges in schema public grant select, insert, update, delete on tables to telescope_server;

commit;
