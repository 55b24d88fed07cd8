-- By its letters, which are ASCII's, and alike on every installation, whatever the database's own collation.
alter table account alter column email_key type text collate "C";
