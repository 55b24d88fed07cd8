-- no transaction
-- Ended sessions too: what was begun in any of them ends when its account is secured.
create index concurrently session_of_user_in_any_state on session (user_id);
