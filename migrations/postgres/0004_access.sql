-- One number that grows whenever a row changes that rights depend on, whoever changes it: the pages, a command, or
-- somebody with SQL. A running server looks at it once a second.
create table access_version (
    id bigint not null,
    version bigint not null,
    constraint access_version_id_unique primary key (id)
);
insert into access_version (id, version) values (1, 1);

create function access_changed() returns trigger language plpgsql as $$
begin
    update access_version set version = version + 1;
    return null;
end
$$;

create trigger account_groups_changed after update or delete or insert on account_groups
for each statement execute function access_changed();
create trigger account_group_members_changed after update or delete or insert on account_group_members
for each statement execute function access_changed();
create trigger roles_changed after update or delete on roles
for each statement execute function access_changed();
create trigger role_members_changed after update or delete or insert on role_members
for each statement execute function access_changed();
create trigger group_role_privileges_changed after update or delete or insert on group_role_privileges
for each statement execute function access_changed();
create trigger role_system_privileges_changed after update or delete or insert on role_system_privileges
for each statement execute function access_changed();
create trigger users_deleted after delete on users
for each statement execute function access_changed();
create trigger users_changed after update of email, admin, disabled on users
for each row when (old.email <> new.email or old.admin <> new.admin or old.disabled <> new.disabled)
execute function access_changed();
create trigger accounts_changed after update of owner, comment on accounts
for each statement execute function access_changed();
