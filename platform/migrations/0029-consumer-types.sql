-- Types that a consumer follows and that some process of it does not handle, as while releases differ: since when, in
-- seconds since the epoch (platform/consumers/followed-types.ts).
alter table log_cursor add column unhandled jsonb not null default '{}';
