-- The channel that is meant when none is named. It is there without demo data too.
insert into channel (id, code, name, currencies, default_currency, price_mode, country, created_at)
values ('default', 'default', 'Online shop', '{EUR,USD,JPY,KWD}', 'EUR', 'NET', 'DE', '2025-01-01T00:00:00Z');

insert into shipping_option (channel_id, code, currency, name, amount_minor, free_from, position) values
  ('default', 'standard', 'EUR', 'Standard, 3 to 5 days', 490, 7500, 0),
  ('default', 'standard', 'USD', 'Standard, 3 to 5 days', 590, 9000, 0),
  ('default', 'standard', 'JPY', 'Standard, 3 to 5 days', 800, 12000, 0),
  ('default', 'standard', 'KWD', 'Standard, 3 to 5 days', 1500, 25000, 0),
  ('default', 'express', 'EUR', 'Express, next working day', 1290, null, 1),
  ('default', 'express', 'USD', 'Express, next working day', 1490, null, 1),
  ('default', 'express', 'JPY', 'Express, next working day', 2100, null, 1),
  ('default', 'express', 'KWD', 'Express, next working day', 4000, null, 1);
