-- A charge asks for the capture in the call that authorises, so a refusal of that capture is no contradiction.
alter table payment add column captures_at_once boolean not null default false;
