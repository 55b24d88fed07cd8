-- Value added tax by country of delivery, as of 2025 and 2026. A country that is not here is an export: no tax.
--
-- Sources: European Commission, Taxes in Europe Database (https://ec.europa.eu/taxation_customs/tedb/), for the Union;
-- https://www.gov.uk/vat-rates (GB); https://www.estv.admin.ch/estv/en/home/value-added-tax/vat-rates-switzerland.html
-- (CH, which LI follows); https://www.skatteetaten.no/en/rates/value-added-tax/ (NO); https://www.skatturinn.is/english/
-- (IS); https://www.nta.go.jp/english/ (JP). Changes meanwhile: Estonia 24 % from July 2025; Romania 21 and 11 % from
-- August 2025; Finland 13.5 % for 14, and Lithuania 5 % for books, from January 2026 (https://www.vero.fi/en/,
-- https://sovos.com/regulatory-updates/vat/lithuania-removes-9-reduced-vat-rate); Sweden 6 % for food from April 2026 to
-- the end of 2027 (https://www.skatteverket.se/).
--
-- Many countries have several reduced rates and we keep one: that of everyday food; where most food bears the standard
-- rate (BG, EE, HR, HU, LT, LV), that of printed books; Denmark reduces neither. Food is zero-rated in GB, IE and MT.
insert into tax_rate (country, tax_class, basis_points, valid_from)
select country, tax_class, basis_points, valid_from::date
from (values
  ('AT', '2025-01-01', 2000, 1000),
  ('BE', '2025-01-01', 2100,  600),
  ('BG', '2025-01-01', 2000,  900),
  ('CH', '2025-01-01',  810,  260),
  ('CY', '2025-01-01', 1900,  500),
  ('CZ', '2025-01-01', 2100, 1200),
  ('DE', '2025-01-01', 1900,  700),
  ('DK', '2025-01-01', 2500, 2500),
  ('EE', '2025-01-01', 2200,  900),
  ('EE', '2025-07-01', 2400,  900),
  ('ES', '2025-01-01', 2100, 1000),
  ('FI', '2025-01-01', 2550, 1400),
  ('FI', '2026-01-01', 2550, 1350),
  ('FR', '2025-01-01', 2000,  550),
  ('GB', '2025-01-01', 2000,    0),
  ('GR', '2025-01-01', 2400, 1300),
  ('HR', '2025-01-01', 2500,  500),
  ('HU', '2025-01-01', 2700,  500),
  ('IE', '2025-01-01', 2300,    0),
  ('IS', '2025-01-01', 2400, 1100),
  ('IT', '2025-01-01', 2200, 1000),
  ('JP', '2025-01-01', 1000,  800),
  ('LI', '2025-01-01',  810,  260),
  ('LT', '2025-01-01', 2100,  900),
  ('LT', '2026-01-01', 2100,  500),
  ('LU', '2025-01-01', 1700,  300),
  ('LV', '2025-01-01', 2100,  500),
  ('MT', '2025-01-01', 1800,    0),
  ('NL', '2025-01-01', 2100,  900),
  ('NO', '2025-01-01', 2500, 1500),
  ('PL', '2025-01-01', 2300,  500),
  ('PT', '2025-01-01', 2300,  600),
  ('RO', '2025-01-01', 1900,  900),
  ('RO', '2025-08-01', 2100, 1100),
  ('SE', '2025-01-01', 2500, 1200),
  ('SE', '2026-04-01', 2500,  600),
  ('SE', '2028-01-01', 2500, 1200),
  ('SI', '2025-01-01', 2200,  950),
  ('SK', '2025-01-01', 2300,  500)
) as rates (country, valid_from, standard, reduced)
cross join lateral (values ('STANDARD', standard), ('REDUCED', reduced)) as classes (tax_class, basis_points);
