-- What nobody has taken up yet: looked for every few seconds (subgraphs/orchestration/passed-over.ts).
create index saga_action_untaken on saga_action (saga_id) where taken_at is null;
