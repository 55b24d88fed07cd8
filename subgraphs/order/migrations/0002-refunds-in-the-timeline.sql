-- Each refund is an entry of its own, with its amount; of everything else there is one of a kind, without a reference.
alter table timeline_entry add column reference text not null default '';
alter table timeline_entry add column amount_minor bigint;
