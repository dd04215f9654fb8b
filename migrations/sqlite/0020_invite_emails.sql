-- When the present link of an invite was last sent by e-mail.
alter table invites add column emailed bigint;
