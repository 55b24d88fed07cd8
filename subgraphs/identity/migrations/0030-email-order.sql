-- no transaction
-- By their letters, which are ASCII's, and alike on every installation, whatever the database's own collation.
create index concurrently account_by_email_letters on account (email_key collate "C", id);
