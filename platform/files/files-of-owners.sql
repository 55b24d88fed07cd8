-- no transaction
-- The bytes of each owner are summed for their quota (platform/files/quota.ts), whenever a file is announced or made.
create index concurrently file_of_owner on file (coalesce(owner_id, created_by));
