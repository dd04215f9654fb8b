-- A person who manages access may allow more login codes for a number than the limit of a day. Those that were requested
-- before then no longer count for the number; they still count for the person who requested them.
alter table login_attempts add column forgiven boolean not null default false;
create index login_attempts_at on login_attempts (at);
