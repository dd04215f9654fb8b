-- One number that grows whenever a row changes that rights depend on, whoever changes it: the pages, a command, or
-- somebody with SQL. A running server looks at it once a second.
create table access_version (
    id bigint not null,
    version bigint not null,
    constraint access_version_id_unique primary key (id)
);
insert into access_version (id, version) values (1, 1);

create trigger account_groups_inserted after insert on account_groups
begin update access_version set version = version + 1; end;
create trigger account_groups_updated after update on account_groups
begin update access_version set version = version + 1; end;
create trigger account_groups_deleted after delete on account_groups
begin update access_version set version = version + 1; end;

create trigger account_group_members_inserted after insert on account_group_members
begin update access_version set version = version + 1; end;
create trigger account_group_members_updated after update on account_group_members
begin update access_version set version = version + 1; end;
create trigger account_group_members_deleted after delete on account_group_members
begin update access_version set version = version + 1; end;

create trigger roles_updated after update on roles
begin update access_version set version = version + 1; end;
create trigger roles_deleted after delete on roles
begin update access_version set version = version + 1; end;

create trigger role_members_inserted after insert on role_members
begin update access_version set version = version + 1; end;
create trigger role_members_updated after update on role_members
begin update access_version set version = version + 1; end;
create trigger role_members_deleted after delete on role_members
begin update access_version set version = version + 1; end;

create trigger group_role_privileges_inserted after insert on group_role_privileges
begin update access_version set version = version + 1; end;
create trigger group_role_privileges_updated after update on group_role_privileges
begin update access_version set version = version + 1; end;
create trigger group_role_privileges_deleted after delete on group_role_privileges
begin update access_version set version = version + 1; end;

create trigger role_system_privileges_inserted after insert on role_system_privileges
begin update access_version set version = version + 1; end;
create trigger role_system_privileges_updated after update on role_system_privileges
begin update access_version set version = version + 1; end;
create trigger role_system_privileges_deleted after delete on role_system_privileges
begin update access_version set version = version + 1; end;

create trigger users_updated after update of email, admin, disabled on users
when old.email <> new.email or old.admin <> new.admin or old.disabled <> new.disabled
begin update access_version set version = version + 1; end;
create trigger users_deleted after delete on users
begin update access_version set version = version + 1; end;

create trigger accounts_updated after update of owner, comment on accounts
begin update access_version set version = version + 1; end;
