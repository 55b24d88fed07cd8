-- When all that was begun to open the account was last ended. What is not known to be about it, because somebody is still
-- at a provider's, is compared with this when it comes back.
alter table account add secured_at timestamptz(3);
