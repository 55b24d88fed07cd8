-- Where a consumer began: events that its first snapshot saw were committed before it was there. Null: from its cursor on.
alter table log_cursor add column begun_after pg_snapshot;

-- A projection that fills itself from the owners before it follows the log (platform/consumers/backfill.ts): where its
-- next page begins, and how much it has been told. `has_backfill`: it can be filled again.
alter table log_cursor
  add column status text not null default 'FOLLOWING' check (status in ('FOLLOWING', 'BACKFILLING')),
  add column has_backfill boolean not null default false,
  add column backfill_after text,
  add column backfilled int not null default 0,
  -- Counts the fillings, so that a page which was read for an earlier one is not applied.
  add column filling int not null default 0;
