-- Codes are also counted by whoever asks for them.
create index login_attempts_actor_at on login_attempts (actor, at);
