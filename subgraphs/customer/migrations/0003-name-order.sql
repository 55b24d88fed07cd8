-- As people look names up, and alike on every installation, whatever the database's own collation: de Vries, Östlund.
-- What is compared and indexed goes by it too, so that a page begins where the one before it ended.
alter table customer alter column name type text collate "und-x-icu";
