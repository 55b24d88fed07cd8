-- The decision over which locations the units were spread; null where there was nothing to choose between. No foreign
-- key: a decision is forgotten after a while, a reservation is not.
alter table reservation add column decision_id text;
