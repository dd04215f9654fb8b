-- What one person did of a few kinds, such as which secrets they have seen, is found in a long audit log without reading
-- everything else that they did.
create index audit_log_actor_code on audit_log (actor, code, seq);
