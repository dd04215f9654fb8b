-- Counts how often all sessions of a person were ended. A session keeps the number of its sign-in and is worth nothing
-- once the person's is another one, however late its row was inserted.
alter table users add column session_epoch bigint not null default 0;
