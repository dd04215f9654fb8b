-- The audit trail by time, and the entries whose details are still there: looking and blanking stay quick in a
-- long trail.
create index audit_log_at on audit_log (at, seq);
create index audit_log_kept on audit_log (at, seq) where details is not null;
