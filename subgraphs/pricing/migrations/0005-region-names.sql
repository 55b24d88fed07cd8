-- Names and abbreviations of regions as people write them, English and French. The rules compare letters and digits alone,
-- without accents: `N.-É.` is NE, and no clash with a state of that code, since a region is one of its country.
-- Sources: Natural Resources Canada, abbreviations and symbols for the geographical names of the provinces and territories
-- (https://www.nrcan.gc.ca/earth-sciences/geography/place-names/useful-material-translators/9237); ISO 3166-2:CA; for the
-- territories of the United States ISO 3166-2:US. NF and NFLD are from before 2001, YUKON TERRITORY from before 2003.
update tax_zone set regions = regions || '{NF,NFLD,NEWFOUNDLAND,"NEWFOUNDLAND & LABRADOR",TNL,"TERRE-NEUVE","TERRE-NEUVE-ET-LABRADOR"}'
 where country = 'CA' and time_zone = 'America/St_Johns';
update tax_zone set regions = regions || '{"NOUVEAU-BRUNSWICK",NE,"NOUVELLE-ÉCOSSE",PEI,ÎPÉ,"ÎLE-DU-PRINCE-ÉDOUARD"}'
 where country = 'CA' and time_zone = 'America/Halifax';
update tax_zone set regions = regions || '{MAN}' where country = 'CA' and time_zone = 'America/Winnipeg';
update tax_zone set regions = regions || '{SASK}' where country = 'CA' and time_zone = 'America/Regina';
update tax_zone set regions = regions || '{ALTA,ALB,NWT,TNO,"NORTHWEST TERRITORIES","TERRITOIRES DU NORD-OUEST",NUNAVUT}'
 where country = 'CA' and time_zone = 'America/Edmonton';
update tax_zone set regions = regions || '{CB,"COLOMBIE-BRITANNIQUE"}' where country = 'CA' and time_zone = 'America/Vancouver';
update tax_zone set regions = regions || '{YN,"YUKON TERRITORY"}' where country = 'CA' and time_zone = 'America/Whitehorse';
update tax_zone set regions = regions || '{"VIRGIN ISLANDS","U.S. VIRGIN ISLANDS"}'
 where country = 'US' and time_zone = 'America/Puerto_Rico';
update tax_zone set regions = regions || '{"NORTHERN MARIANA ISLANDS"}' where country = 'US' and time_zone = 'Pacific/Guam';
