-- A group that wants approvals may let people who can log in go ahead without one in an emergency.
alter table account_groups add column emergency_access boolean not null default false;
