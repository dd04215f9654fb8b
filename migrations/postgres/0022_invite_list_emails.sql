-- Whether the link of a line's invite is sent by e-mail, and what became of that: missing until it was tried, empty if the
-- mail server took it, else why it is not known to have arrived.
alter table invite_lines add column email bigint not null default 0;
alter table invite_lines add column emailed text;
