-- A group may require that people confirm their identity before secrets of its accounts are shown to them.
alter table account_groups add column confirm_identity boolean not null default false;
