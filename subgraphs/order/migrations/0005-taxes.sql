-- By rates of tax, with why: as it was decided when the order was placed. Orders from before have none.
alter table orders add column taxes jsonb not null default '[]';
