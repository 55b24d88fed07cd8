-- no transaction
-- Drafts are the newest products, and a list begins with the oldest: without it a page of drafts reads every product.
create index concurrently product_by_status on product (status, created_at, id);
