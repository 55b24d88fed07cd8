-- no transaction
-- As people look names up, and alike on every installation, whatever the database's own collation: apple, Banana, éclair.
-- `product_by_name`, by which the release before sorts, is for a later release to drop.
create index concurrently product_by_name_for_people on product (name collate "und-x-icu", id);
