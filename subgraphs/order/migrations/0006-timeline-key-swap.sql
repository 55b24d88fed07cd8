alter table timeline_entry
  drop constraint timeline_entry_pkey,
  add constraint timeline_entry_pkey primary key using index timeline_entry_once;
