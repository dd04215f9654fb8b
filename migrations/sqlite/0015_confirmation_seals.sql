-- That a group requires no identity confirmation counts with a proof only, like what it says about approvals. Groups that
-- are there already get theirs at the first start.
alter table account_groups add column no_confirmation_proof text;
