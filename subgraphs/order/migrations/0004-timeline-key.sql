-- no transaction
-- The key of a table that every order writes is made aside, and takes the old one's place in the next file.
create unique index concurrently timeline_entry_once on timeline_entry (order_id, type, reference);
