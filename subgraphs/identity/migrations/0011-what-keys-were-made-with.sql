-- The merchant that its maker worked for when it was made, and whose rows alone it is good for. Null: everybody's.
alter table api_key add merchant_id text;
-- What keys from before were made with is not known: that of a merchant if their maker is noted with one, whatever they are by now.
update api_key set merchant_id = account.merchant_id from account where account.id = api_key.user_id;
-- A scope to write brings the one to read along.
alter table api_key drop constraint api_key_scopes_check;
alter table api_key add constraint api_key_scopes_check check (cardinality(scopes) between 1 and 100);
-- Who could write everybody's rows could read them. Of merchants' keys nothing is known, and their own they see.
update api_key
   set scopes = array(
         select distinct scope
           from (select unnest(scopes) union all select split_part(s, ':', 1) || ':read' from unnest(scopes) s where s like '%:write') all_of(scope))
 where merchant_id is null;
