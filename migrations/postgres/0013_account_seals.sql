-- Owners, the groups of accounts, groups that show secrets without approval, and groups that allow emergency access carry
-- proofs, too. Rows that are there already get theirs at the first start.
alter table accounts add column owner_proof text;
alter table account_group_members add column proof text;
alter table account_groups add column no_approval_proof text;
alter table account_groups add column emergency_proof text;

drop trigger accounts_changed on accounts;
create trigger accounts_changed after update of owner, owner_proof, comment on accounts
for each statement execute function access_changed();
