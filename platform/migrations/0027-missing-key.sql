-- Which key a ring lacks that this database is used with; null: none, and its newest is the one that is known from then on.
-- The first ring that comes is the one that is known. No key at all only asks.
-- It has the rights of whoever owns the table, so that the role of an agent needs none on it: a role reads no proof, and
-- moves a mark only from a key of which it has the proof, so from one that its process was given.
create function missing_key(ring text, ids text[], proofs text[]) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  mark platform.key_mark;
begin
  select * into mark from platform.key_mark where variable = ring;
  if mark.key_id is null and cardinality(ids) > 0 then
    -- Of several at once one is the first, and the others are compared with it.
    insert into platform.key_mark (variable, key_id, proof) values (ring, ids[1], proofs[1]) on conflict do nothing;
    select * into mark from platform.key_mark where variable = ring;
  end if;
  if mark.key_id is null then
    return null;
  end if;
  if not exists (select from unnest(ids, proofs) as given (id, proof) where id = mark.key_id and proof = mark.proof) then
    return mark.key_id;
  end if;
  -- Nothing is written by a start with the same keys: the server may be read-only.
  if (ids[1], proofs[1]) <> (mark.key_id, mark.proof) then
    update platform.key_mark set key_id = ids[1], proof = proofs[1]
     where variable = ring and key_id = mark.key_id and proof = mark.proof;
  end if;
  return null;
end $$;
revoke execute on function missing_key from public;
