-- Where the law of a tax holds, how it is rounded there, and when a day begins there.
--
-- An address is in a country, and perhaps in one of its territories: by its postal code, or by a code of its own (MC, GP).
-- Sources: European Commission, territorial status of EU countries and certain territories
-- (https://taxation-customs.ec.europa.eu/territorial-status-eu-countries-and-certain-territories_en); Danish tax authority
-- (https://info.skat.dk/data.aspx?oid=1729989); postal codes partly ibericode/vat-rates (MIT, 5abb1e1) and
-- driesvints/vat-calculator (MIT, 12aa544). docs/tax.md says what was decided and why.

create table tax_country (
  country       text primary key check (country ~ '^[A-Z]{2}$'),
  -- The zone whose days count where tax_zone has no better one: that of the capital.
  time_zone     text not null,
  eu_vat_area   text not null default 'OUTSIDE' check (eu_vat_area in ('INSIDE', 'GOODS', 'OUTSIDE')),
  -- LINE: each line, and shipping, for itself. RATE: once for all that bears one rate in an order.
  rounding      text not null default 'LINE' check (rounding in ('LINE', 'RATE')),
  -- To the currency's minor unit: HALF_UP is away from zero at the half, DOWN leaves what is below one out.
  rounding_mode text not null default 'HALF_UP' check (rounding_mode in ('HALF_UP', 'DOWN', 'UP'))
);

-- Zones of countries that have several, by regions (in capitals) and by postal codes, whose pattern is of the whole code
-- in capitals without blanks and dashes.
create table tax_zone (
  country   text not null references tax_country (country),
  time_zone text not null,
  regions   text[] not null,
  postcodes text not null,
  primary key (country, time_zone)
);

create table tax_territory (
  id          text primary key,
  name        text not null,
  -- Whose rates these are in tax_rate: a country's, or its own.
  rates_of    text not null,
  -- Whether this shop takes the tax there. Where it does not, goods are an export and rates_of is for the record.
  is_taxed    boolean not null,
  eu_vat_area text not null check (eu_vat_area in ('INSIDE', 'GOODS', 'OUTSIDE')),
  time_zone   text not null,
  -- For people who ask why, on the order.
  reason      text not null
);

-- Which addresses lie in it. `.*` is every one of the country, and comes after the others.
create table tax_territory_match (
  territory text not null references tax_territory (id),
  country   text not null,
  postcodes text not null,
  primary key (country, postcodes)
);

alter table tax_rate drop constraint tax_rate_country_check;
alter table tax_rate add constraint tax_rate_country_check check (country ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$');
comment on column tax_rate.country is 'A country of ISO 3166-1, or a territory that has rates of its own.';

-- Zones of the IANA database (zone.tab, public domain). XK is Kosovo.
insert into tax_country (country, time_zone) values
  ('AD', 'Europe/Andorra'), ('AE', 'Asia/Dubai'), ('AF', 'Asia/Kabul'), ('AG', 'America/Antigua'),
  ('AI', 'America/Anguilla'), ('AL', 'Europe/Tirane'), ('AM', 'Asia/Yerevan'), ('AO', 'Africa/Luanda'),
  ('AQ', 'Antarctica/McMurdo'), ('AR', 'America/Argentina/Buenos_Aires'), ('AS', 'Pacific/Pago_Pago'),
  ('AT', 'Europe/Vienna'), ('AU', 'Australia/Sydney'), ('AW', 'America/Aruba'), ('AX', 'Europe/Mariehamn'),
  ('AZ', 'Asia/Baku'), ('BA', 'Europe/Sarajevo'), ('BB', 'America/Barbados'), ('BD', 'Asia/Dhaka'),
  ('BE', 'Europe/Brussels'), ('BF', 'Africa/Ouagadougou'), ('BG', 'Europe/Sofia'), ('BH', 'Asia/Bahrain'),
  ('BI', 'Africa/Bujumbura'), ('BJ', 'Africa/Porto-Novo'), ('BL', 'America/St_Barthelemy'),
  ('BM', 'Atlantic/Bermuda'), ('BN', 'Asia/Brunei'), ('BO', 'America/La_Paz'), ('BQ', 'America/Kralendijk'),
  ('BR', 'America/Sao_Paulo'), ('BS', 'America/Nassau'), ('BT', 'Asia/Thimphu'), ('BV', 'Europe/Oslo'),
  ('BW', 'Africa/Gaborone'), ('BY', 'Europe/Minsk'), ('BZ', 'America/Belize'), ('CA', 'America/Toronto'),
  ('CC', 'Indian/Cocos'), ('CD', 'Africa/Kinshasa'), ('CF', 'Africa/Bangui'), ('CG', 'Africa/Brazzaville'),
  ('CH', 'Europe/Zurich'), ('CI', 'Africa/Abidjan'), ('CK', 'Pacific/Rarotonga'), ('CL', 'America/Santiago'),
  ('CM', 'Africa/Douala'), ('CN', 'Asia/Shanghai'), ('CO', 'America/Bogota'), ('CR', 'America/Costa_Rica'),
  ('CU', 'America/Havana'), ('CV', 'Atlantic/Cape_Verde'), ('CW', 'America/Curacao'), ('CX', 'Indian/Christmas'),
  ('CY', 'Asia/Nicosia'), ('CZ', 'Europe/Prague'), ('DE', 'Europe/Berlin'), ('DJ', 'Africa/Djibouti'),
  ('DK', 'Europe/Copenhagen'), ('DM', 'America/Dominica'), ('DO', 'America/Santo_Domingo'),
  ('DZ', 'Africa/Algiers'), ('EC', 'America/Guayaquil'), ('EE', 'Europe/Tallinn'), ('EG', 'Africa/Cairo'),
  ('EH', 'Africa/El_Aaiun'), ('ER', 'Africa/Asmara'), ('ES', 'Europe/Madrid'), ('ET', 'Africa/Addis_Ababa'),
  ('FI', 'Europe/Helsinki'), ('FJ', 'Pacific/Fiji'), ('FK', 'Atlantic/Stanley'), ('FM', 'Pacific/Pohnpei'),
  ('FO', 'Atlantic/Faroe'), ('FR', 'Europe/Paris'), ('GA', 'Africa/Libreville'), ('GB', 'Europe/London'),
  ('GD', 'America/Grenada'), ('GE', 'Asia/Tbilisi'), ('GF', 'America/Cayenne'), ('GG', 'Europe/Guernsey'),
  ('GH', 'Africa/Accra'), ('GI', 'Europe/Gibraltar'), ('GL', 'America/Nuuk'), ('GM', 'Africa/Banjul'),
  ('GN', 'Africa/Conakry'), ('GP', 'America/Guadeloupe'), ('GQ', 'Africa/Malabo'), ('GR', 'Europe/Athens'),
  ('GS', 'Atlantic/South_Georgia'), ('GT', 'America/Guatemala'), ('GU', 'Pacific/Guam'), ('GW', 'Africa/Bissau'),
  ('GY', 'America/Guyana'), ('HK', 'Asia/Hong_Kong'), ('HM', 'Indian/Kerguelen'), ('HN', 'America/Tegucigalpa'),
  ('HR', 'Europe/Zagreb'), ('HT', 'America/Port-au-Prince'), ('HU', 'Europe/Budapest'), ('ID', 'Asia/Jakarta'),
  ('IE', 'Europe/Dublin'), ('IL', 'Asia/Jerusalem'), ('IM', 'Europe/Isle_of_Man'), ('IN', 'Asia/Kolkata'),
  ('IO', 'Indian/Chagos'), ('IQ', 'Asia/Baghdad'), ('IR', 'Asia/Tehran'), ('IS', 'Atlantic/Reykjavik'),
  ('IT', 'Europe/Rome'), ('JE', 'Europe/Jersey'), ('JM', 'America/Jamaica'), ('JO', 'Asia/Amman'),
  ('JP', 'Asia/Tokyo'), ('KE', 'Africa/Nairobi'), ('KG', 'Asia/Bishkek'), ('KH', 'Asia/Phnom_Penh'),
  ('KI', 'Pacific/Tarawa'), ('KM', 'Indian/Comoro'), ('KN', 'America/St_Kitts'), ('KP', 'Asia/Pyongyang'),
  ('KR', 'Asia/Seoul'), ('KW', 'Asia/Kuwait'), ('KY', 'America/Cayman'), ('KZ', 'Asia/Almaty'),
  ('LA', 'Asia/Vientiane'), ('LB', 'Asia/Beirut'), ('LC', 'America/St_Lucia'), ('LI', 'Europe/Vaduz'),
  ('LK', 'Asia/Colombo'), ('LR', 'Africa/Monrovia'), ('LS', 'Africa/Maseru'), ('LT', 'Europe/Vilnius'),
  ('LU', 'Europe/Luxembourg'), ('LV', 'Europe/Riga'), ('LY', 'Africa/Tripoli'), ('MA', 'Africa/Casablanca'),
  ('MC', 'Europe/Monaco'), ('MD', 'Europe/Chisinau'), ('ME', 'Europe/Podgorica'), ('MF', 'America/Marigot'),
  ('MG', 'Indian/Antananarivo'), ('MH', 'Pacific/Majuro'), ('MK', 'Europe/Skopje'), ('ML', 'Africa/Bamako'),
  ('MM', 'Asia/Yangon'), ('MN', 'Asia/Ulaanbaatar'), ('MO', 'Asia/Macau'), ('MP', 'Pacific/Saipan'),
  ('MQ', 'America/Martinique'), ('MR', 'Africa/Nouakchott'), ('MS', 'America/Montserrat'), ('MT', 'Europe/Malta'),
  ('MU', 'Indian/Mauritius'), ('MV', 'Indian/Maldives'), ('MW', 'Africa/Blantyre'), ('MX', 'America/Mexico_City'),
  ('MY', 'Asia/Kuala_Lumpur'), ('MZ', 'Africa/Maputo'), ('NA', 'Africa/Windhoek'), ('NC', 'Pacific/Noumea'),
  ('NE', 'Africa/Niamey'), ('NF', 'Pacific/Norfolk'), ('NG', 'Africa/Lagos'), ('NI', 'America/Managua'),
  ('NL', 'Europe/Amsterdam'), ('NO', 'Europe/Oslo'), ('NP', 'Asia/Kathmandu'), ('NR', 'Pacific/Nauru'),
  ('NU', 'Pacific/Niue'), ('NZ', 'Pacific/Auckland'), ('OM', 'Asia/Muscat'), ('PA', 'America/Panama'),
  ('PE', 'America/Lima'), ('PF', 'Pacific/Tahiti'), ('PG', 'Pacific/Port_Moresby'), ('PH', 'Asia/Manila'),
  ('PK', 'Asia/Karachi'), ('PL', 'Europe/Warsaw'), ('PM', 'America/Miquelon'), ('PN', 'Pacific/Pitcairn'),
  ('PR', 'America/Puerto_Rico'), ('PS', 'Asia/Gaza'), ('PT', 'Europe/Lisbon'), ('PW', 'Pacific/Palau'),
  ('PY', 'America/Asuncion'), ('QA', 'Asia/Qatar'), ('RE', 'Indian/Reunion'), ('RO', 'Europe/Bucharest'),
  ('RS', 'Europe/Belgrade'), ('RU', 'Europe/Moscow'), ('RW', 'Africa/Kigali'), ('SA', 'Asia/Riyadh'),
  ('SB', 'Pacific/Guadalcanal'), ('SC', 'Indian/Mahe'), ('SD', 'Africa/Khartoum'), ('SE', 'Europe/Stockholm'),
  ('SG', 'Asia/Singapore'), ('SH', 'Atlantic/St_Helena'), ('SI', 'Europe/Ljubljana'), ('SJ', 'Arctic/Longyearbyen'),
  ('SK', 'Europe/Bratislava'), ('SL', 'Africa/Freetown'), ('SM', 'Europe/San_Marino'), ('SN', 'Africa/Dakar'),
  ('SO', 'Africa/Mogadishu'), ('SR', 'America/Paramaribo'), ('SS', 'Africa/Juba'), ('ST', 'Africa/Sao_Tome'),
  ('SV', 'America/El_Salvador'), ('SX', 'America/Lower_Princes'), ('SY', 'Asia/Damascus'), ('SZ', 'Africa/Mbabane'),
  ('TC', 'America/Grand_Turk'), ('TD', 'Africa/Ndjamena'), ('TF', 'Indian/Kerguelen'), ('TG', 'Africa/Lome'),
  ('TH', 'Asia/Bangkok'), ('TJ', 'Asia/Dushanbe'), ('TK', 'Pacific/Fakaofo'), ('TL', 'Asia/Dili'),
  ('TM', 'Asia/Ashgabat'), ('TN', 'Africa/Tunis'), ('TO', 'Pacific/Tongatapu'), ('TR', 'Europe/Istanbul'),
  ('TT', 'America/Port_of_Spain'), ('TV', 'Pacific/Funafuti'), ('TW', 'Asia/Taipei'),
  ('TZ', 'Africa/Dar_es_Salaam'), ('UA', 'Europe/Kyiv'), ('UG', 'Africa/Kampala'), ('UM', 'Pacific/Wake'),
  ('US', 'America/New_York'), ('UY', 'America/Montevideo'), ('UZ', 'Asia/Tashkent'), ('VA', 'Europe/Vatican'),
  ('VC', 'America/St_Vincent'), ('VE', 'America/Caracas'), ('VG', 'America/Tortola'), ('VI', 'America/St_Thomas'),
  ('VN', 'Asia/Ho_Chi_Minh'), ('VU', 'Pacific/Efate'), ('WF', 'Pacific/Wallis'), ('WS', 'Pacific/Apia'),
  ('XK', 'Europe/Belgrade'), ('YE', 'Asia/Aden'), ('YT', 'Indian/Mayotte'), ('ZA', 'Africa/Johannesburg'),
  ('ZM', 'Africa/Lusaka'), ('ZW', 'Africa/Harare');

update tax_country set eu_vat_area = 'INSIDE'
where country in ('AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU', 'LV',
                  'MT', 'NL', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK');

-- One rounding for each rate of an invoice, in any direction that the seller keeps to: left out is the usual one.
-- National Tax Agency, qualified invoice system, Q&A no. 57 (https://www.nta.go.jp/english/taxes/consumption_tax/).
update tax_country set rounding = 'RATE', rounding_mode = 'DOWN' where country = 'JP';

insert into tax_zone (country, time_zone, regions, postcodes) values
  ('US', 'Pacific/Honolulu', '{HI,HAWAII}', '96[78]\d*'),
  ('US', 'America/Anchorage', '{AK,ALASKA}', '99[5-9]\d*'),
  ('US', 'America/Los_Angeles', '{CA,CALIFORNIA,NV,NEVADA,OR,OREGON,WA,WASHINGTON}', '(889|89|9[0-5]|96[01]|97|98|99[0-4])\d*'),
  ('US', 'America/Phoenix', '{AZ,ARIZONA}', '8[56]\d*'),
  ('US', 'America/Denver', '{CO,COLORADO,ID,IDAHO,MT,MONTANA,NM,"NEW MEXICO",UT,UTAH,WY,WYOMING}', '(59|8[0-4]|87|88[0-5])\d*'),
  ('US', 'America/Chicago', '{AL,ALABAMA,AR,ARKANSAS,IA,IOWA,IL,ILLINOIS,KS,KANSAS,LA,LOUISIANA,MN,MINNESOTA,MO,MISSOURI,MS,MISSISSIPPI,ND,"NORTH DAKOTA",NE,NEBRASKA,OK,OKLAHOMA,SD,"SOUTH DAKOTA",TN,TENNESSEE,TX,TEXAS,WI,WISCONSIN}',
   '(3[56]|37[0-2]|38|39[0-7]|5[0-8]|6|7)\d*'),
  ('US', 'America/Puerto_Rico', '{PR,"PUERTO RICO",VI}', '00[6-9]\d*'),
  ('US', 'Pacific/Guam', '{GU,GUAM,MP}', '969\d*'),
  ('CA', 'America/St_Johns', '{NL,"NEWFOUNDLAND AND LABRADOR"}', 'A.*'),
  ('CA', 'America/Halifax', '{NB,"NEW BRUNSWICK",NS,"NOVA SCOTIA",PE,"PRINCE EDWARD ISLAND"}', '[BCE].*'),
  ('CA', 'America/Winnipeg', '{MB,MANITOBA}', 'R.*'),
  ('CA', 'America/Regina', '{SK,SASKATCHEWAN}', 'S.*'),
  ('CA', 'America/Edmonton', '{AB,ALBERTA,NT,NU}', '[TX].*'),
  ('CA', 'America/Vancouver', '{BC,"BRITISH COLUMBIA"}', 'V.*'),
  ('CA', 'America/Whitehorse', '{YT,YUKON}', 'Y.*'),
  ('AU', 'Australia/Brisbane', '{QLD,QUEENSLAND}', '4\d{3}'),
  ('AU', 'Australia/Adelaide', '{SA,"SOUTH AUSTRALIA"}', '5\d{3}'),
  ('AU', 'Australia/Perth', '{WA,"WESTERN AUSTRALIA"}', '6\d{3}'),
  ('AU', 'Australia/Darwin', '{NT,"NORTHERN TERRITORY"}', '0\d{3}');

insert into tax_territory (id, name, rates_of, is_taxed, eu_vat_area, time_zone, reason) values
  ('MC', 'Monaco', 'FR', true, 'INSIDE', 'Europe/Monaco', 'Monaco is treated as France.'),
  ('IM', 'Isle of Man', 'GB', true, 'OUTSIDE', 'Europe/Isle_of_Man', 'The Isle of Man is one VAT area with the United Kingdom.'),
  ('XI', 'Northern Ireland', 'GB', true, 'GOODS', 'Europe/London', 'Northern Ireland bears the rates of the United Kingdom; its goods are in the VAT area of the Union.'),
  ('AT-JUN', 'Jungholz', 'AT-JUN', true, 'INSIDE', 'Europe/Vienna', 'Jungholz has a standard rate of its own in Austria.'),
  ('AT-MIT', 'Mittelberg', 'AT-MIT', true, 'INSIDE', 'Europe/Vienna', 'Mittelberg has a standard rate of its own in Austria.'),
  ('PT-20', 'Azores', 'PT-20', true, 'INSIDE', 'Atlantic/Azores', 'The Azores have rates of their own in Portugal.'),
  ('PT-30', 'Madeira', 'PT-30', true, 'INSIDE', 'Atlantic/Madeira', 'Madeira has rates of its own in Portugal.'),
  ('FR-20R', 'Corsica', 'FR-20R', true, 'INSIDE', 'Europe/Paris', 'Corsica has reduced rates of its own in France.'),
  ('DE-BUS', 'Büsingen am Hochrhein', 'DE-BUS', false, 'OUTSIDE', 'Europe/Busingen', 'Büsingen is outside the VAT area of the Union.'),
  ('DE-HEL', 'Heligoland', 'DE-HEL', false, 'OUTSIDE', 'Europe/Berlin', 'Heligoland is outside the VAT area of the Union.'),
  ('IT-LIV', 'Livigno', 'IT-LIV', false, 'OUTSIDE', 'Europe/Rome', 'Livigno is outside the VAT area of the Union.'),
  ('IT-CAM', 'Campione d''Italia', 'IT-CAM', false, 'OUTSIDE', 'Europe/Rome', 'Campione d''Italia is outside the VAT area of the Union.'),
  ('SM', 'San Marino', 'SM', false, 'OUTSIDE', 'Europe/San_Marino', 'San Marino is outside the VAT area of the Union.'),
  ('VA', 'Vatican City', 'VA', false, 'OUTSIDE', 'Europe/Vatican', 'The Vatican is outside the VAT area of the Union.'),
  ('ES-CN', 'Canary Islands', 'ES-CN', false, 'OUTSIDE', 'Atlantic/Canary', 'The Canary Islands are outside the VAT area of the Union.'),
  ('ES-CE', 'Ceuta', 'ES-CE', false, 'OUTSIDE', 'Africa/Ceuta', 'Ceuta is outside the VAT area of the Union.'),
  ('ES-ML', 'Melilla', 'ES-ML', false, 'OUTSIDE', 'Africa/Ceuta', 'Melilla is outside the VAT area of the Union.'),
  ('FI-AX', 'Åland', 'FI', false, 'OUTSIDE', 'Europe/Mariehamn', 'Åland is outside the VAT area of the Union.'),
  ('GR-ATH', 'Mount Athos', 'GR-ATH', false, 'OUTSIDE', 'Europe/Athens', 'Mount Athos is outside the VAT area of the Union.'),
  ('GP', 'Guadeloupe', 'GP', false, 'OUTSIDE', 'America/Guadeloupe', 'Guadeloupe is outside the VAT area of the Union.'),
  ('MQ', 'Martinique', 'MQ', false, 'OUTSIDE', 'America/Martinique', 'Martinique is outside the VAT area of the Union.'),
  ('RE', 'Réunion', 'RE', false, 'OUTSIDE', 'Indian/Reunion', 'Réunion is outside the VAT area of the Union.'),
  ('GF', 'French Guiana', 'GF', false, 'OUTSIDE', 'America/Cayenne', 'French Guiana is outside the VAT area of the Union.'),
  ('YT', 'Mayotte', 'YT', false, 'OUTSIDE', 'Indian/Mayotte', 'Mayotte is outside the VAT area of the Union.'),
  ('MF', 'Saint-Martin', 'MF', false, 'OUTSIDE', 'America/Marigot', 'Saint-Martin is outside the VAT area of the Union.'),
  ('BL', 'Saint-Barthélemy', 'BL', false, 'OUTSIDE', 'America/St_Barthelemy', 'Saint-Barthélemy is outside the VAT area of the Union.'),
  ('PM', 'Saint-Pierre-et-Miquelon', 'PM', false, 'OUTSIDE', 'America/Miquelon', 'Saint-Pierre-et-Miquelon is outside the VAT area of the Union.'),
  ('WF', 'Wallis and Futuna', 'WF', false, 'OUTSIDE', 'Pacific/Wallis', 'Wallis and Futuna is outside the VAT area of the Union.'),
  ('PF', 'French Polynesia', 'PF', false, 'OUTSIDE', 'Pacific/Tahiti', 'French Polynesia is outside the VAT area of the Union.'),
  ('NC', 'New Caledonia', 'NC', false, 'OUTSIDE', 'Pacific/Noumea', 'New Caledonia is outside the VAT area of the Union.'),
  ('TF', 'French Southern Territories', 'TF', false, 'OUTSIDE', 'Indian/Kerguelen', 'The French Southern Territories are outside the VAT area of the Union.'),
  ('FO', 'Faroe Islands', 'FO', false, 'OUTSIDE', 'Atlantic/Faroe', 'The Faroe Islands are outside the VAT area of the Union.'),
  ('GL', 'Greenland', 'GL', false, 'OUTSIDE', 'America/Nuuk', 'Greenland is outside the VAT area of the Union.'),
  ('JE', 'Jersey', 'JE', false, 'OUTSIDE', 'Europe/Jersey', 'Jersey is outside the VAT areas of the United Kingdom and the Union.'),
  ('GG', 'Guernsey', 'GG', false, 'OUTSIDE', 'Europe/Guernsey', 'Guernsey is outside the VAT areas of the United Kingdom and the Union.'),
  ('GI', 'Gibraltar', 'GI', false, 'OUTSIDE', 'Europe/Gibraltar', 'Gibraltar is outside the VAT areas of the United Kingdom and the Union.'),
  ('AD', 'Andorra', 'AD', false, 'OUTSIDE', 'Europe/Andorra', 'Andorra is outside the VAT area of the Union.'),
  ('NL-CAR', 'Caribbean Netherlands, Aruba, Curaçao, Sint Maarten', 'NL-CAR', false, 'OUTSIDE', 'America/Curacao', 'The Caribbean part of the Kingdom of the Netherlands is outside the VAT area of the Union.'),
  -- Beyond the Union: Norwegian VAT Act § 1-2; Swiss VAT Act art. 4.
  ('SJ', 'Svalbard and Jan Mayen', 'SJ', false, 'OUTSIDE', 'Arctic/Longyearbyen', 'Svalbard and Jan Mayen are outside the VAT area of Norway.'),
  ('CH-SAM', 'Samnaun', 'CH-SAM', false, 'OUTSIDE', 'Europe/Zurich', 'Goods in Samnaun are outside the VAT area of Switzerland.');

insert into tax_territory_match (territory, country, postcodes) values
  ('MC', 'MC', '.*'), ('MC', 'FR', '980\d{2}'),
  ('IM', 'IM', '.*'), ('IM', 'GB', 'IM\d.*'),
  ('XI', 'XI', '.*'), ('XI', 'GB', 'BT\d.*'),
  ('JE', 'JE', '.*'), ('JE', 'GB', 'JE\d.*'),
  ('GG', 'GG', '.*'), ('GG', 'GB', 'GY\d.*'),
  ('GI', 'GI', '.*'), ('GI', 'GB', 'GX11.*'),
  ('AT-JUN', 'AT', '6691'), ('AT-JUN', 'DE', '87491'), ('AT-MIT', 'AT', '699[123]'), ('AT-MIT', 'DE', '8756[789]'),
  ('DE-BUS', 'DE', '78266'), ('DE-BUS', 'CH', '8238'),
  ('DE-HEL', 'DE', '27498'),
  ('IT-LIV', 'IT', '23041'), ('IT-CAM', 'IT', '2206[01]'),
  ('SM', 'SM', '.*'), ('SM', 'IT', '4789\d'),
  ('VA', 'VA', '.*'), ('VA', 'IT', '00120'),
  ('ES-CN', 'IC', '.*'), ('ES-CN', 'ES', '(35|38)\d{3}'),
  ('ES-CE', 'EA', '51\d{3}'), ('ES-CE', 'ES', '51\d{3}'),
  ('ES-ML', 'EA', '52\d{3}'), ('ES-ML', 'ES', '52\d{3}'),
  ('FI-AX', 'AX', '.*'), ('FI-AX', 'FI', '22\d{3}'),
  ('GR-ATH', 'GR', '6308[67]'),
  ('PT-20', 'PT', '9[5-9]\d{2}(\d{3})?'), ('PT-30', 'PT', '9[0-4]\d{2}(\d{3})?'),
  ('FR-20R', 'FR', '20\d{3}'),
  ('GP', 'GP', '.*'), ('GP', 'FR', '971(?!33|50)\d{2}'),
  ('MQ', 'MQ', '.*'), ('MQ', 'FR', '972\d{2}'),
  ('GF', 'GF', '.*'), ('GF', 'FR', '973\d{2}'),
  ('RE', 'RE', '.*'), ('RE', 'FR', '974\d{2}'),
  ('PM', 'PM', '.*'), ('PM', 'FR', '975\d{2}'),
  ('YT', 'YT', '.*'), ('YT', 'FR', '976\d{2}'),
  ('BL', 'BL', '.*'), ('BL', 'FR', '97133|97098|977\d{2}'),
  ('MF', 'MF', '.*'), ('MF', 'FR', '97150|97054|978\d{2}'),
  ('TF', 'TF', '.*'), ('TF', 'FR', '984\d{2}'),
  ('WF', 'WF', '.*'), ('WF', 'FR', '986\d{2}'),
  ('PF', 'PF', '.*'), ('PF', 'FR', '987\d{2}'),
  ('NC', 'NC', '.*'), ('NC', 'FR', '988\d{2}'),
  ('FO', 'FO', '.*'), ('FO', 'DK', '[1-9]\d{2}'),
  ('GL', 'GL', '.*'), ('GL', 'DK', '39\d{2}'),
  ('AD', 'AD', '.*'),
  ('NL-CAR', 'AW', '.*'), ('NL-CAR', 'BQ', '.*'), ('NL-CAR', 'CW', '.*'), ('NL-CAR', 'SX', '.*'),
  ('SJ', 'SJ', '.*'), ('SJ', 'NO', '917\d|8099'),
  ('CH-SAM', 'CH', '756[23]');

-- Rates of these territories; as above, the reduced one is that of everyday food. What is_taxed leaves out is for the record.
insert into tax_rate (country, tax_class, basis_points, valid_from)
select country, tax_class, basis_points, '2025-01-01'::date
from (values
  ('AT-JUN', 1900, 1000),
  ('AT-MIT', 1900, 1000),
  ('PT-20', 1600, 400),
  ('PT-30', 2200, 400),
  ('FR-20R', 2000, 210),
  ('ES-CN', 700, 300),
  ('GP', 850, 210),
  ('MQ', 850, 210),
  ('RE', 850, 210),
  ('GF', 0, 0),
  ('YT', 0, 0),
  ('MF', 0, 0),
  ('BL', 0, 0),
  ('PM', 0, 0),
  ('WF', 0, 0),
  ('PF', 0, 0),
  ('NC', 0, 0)
) as rates (country, standard, reduced)
cross join lateral (values ('STANDARD', standard), ('REDUCED', reduced)) as classes (tax_class, basis_points);
