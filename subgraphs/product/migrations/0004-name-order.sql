-- As people look names up, and alike on every installation, whatever the database's own collation: apple, Banana, Éclair.
-- What is compared and indexed goes by it too, so that a page begins where the one before it ended.
alter table product alter column name type text collate "und-x-icu";
