-- When a stored secret was handed to Telegram without its having said yet whether it is right. It is not
-- handed over again: a wrong password that is repeated locks the account.
alter table sealed_secrets add column given_at bigint;
