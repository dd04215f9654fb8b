-- A Postgres role for `telescope serve` that can append to the audit log but can't change it.
--
-- Run it as the role that owns the tables, after `telescope migrate` as the same role:
--
--     psql "$OWNERS_DSN" -f scripts/postgres-server-role.sql
--
-- It creates the role telescope_server if it is missing and your role may create roles; otherwise have it created first.
-- Give it a way to log in (alter role telescope_server password '...', or pg_hba.conf) and use it in DB_DSN.
-- The script can be run again at any time. The default privileges below cover tables that a later version adds.

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

-- The audit log can be read and appended to. The row with its end can be read and updated.
revoke update, delete on audit_log from telescope_server;
revoke insert, delete on audit_head from telescope_server;

-- Only `telescope migrate` changes the list of migrations.
revoke insert, update, delete on _sqlx_migrations from telescope_server;

-- Only the owner creates tables, functions or triggers here. (The default since Postgres 15.)
revoke create on schema public from public;

alter default privileges in schema public grant select, insert, update, delete on tables to telescope_server;

commit;
