-- no transaction
-- The few among very many: what PostgreSQL guesses of a role that its sample has missed must not decide on reading them all.
create index concurrently account_of_administrator on account (id) where roles @> array['ADMIN'];
