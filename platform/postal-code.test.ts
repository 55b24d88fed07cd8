import { expect, test } from '@jest/globals';
import { isPostalCode, needsPostalCode } from './postal-code.ts';

/** The examples of libaddressinput (testdata/countryinfo.txt, facts, Apache-2.0), but for "RH6 OHP", which is a misprint. */
const EXAMPLES: Readonly<Record<string, string>> = {
  AD: 'AD100,AD501,AD700',
  AR: 'C1070AAM,C1000WAM,B1000TBU,X5187XAB',
  AS: '96799',
  AT: '1010,3741',
  AU: '2060,3171,6430,4000,4006,3001',
  AX: '22150,22550,22240',
  BE: '4000,1000',
  BG: '1000,1700',
  BL: '97100',
  BM: 'FL 07,HM GX,HM 12',
  BR: '40301-110,70002-900',
  CA: 'H3Z 2Y7,V8X 3X4,T0L 1K0,T0H 1A0,K1A 0B1',
  CH: '2544,1211,1556,3030',
  CL: '8340457,8720019',
  CN: '266033,317204,100096,100808',
  CY: '2008,3304,1900',
  CZ: '100 00,251 66,530 87',
  DE: '26133,53225,01067',
  DK: '8660,1566',
  EC: 'EC090112,090105,H0103C',
  EE: '69501,11212,10001',
  ES: '28039,28300,28070',
  FI: '00550,00011',
  FK: 'FIQQ 1ZZ',
  FM: '96941,96944',
  FO: '100',
  FR: '33380,34092,33506',
  GB: 'EC1Y 8SY,GIR 0AA,M2 5BQ,M34 4AB,CR0 2YR,DN16 9AA,W1A 4ZZ,EC1A 1HQ,OX14 4PG,RH6 0HP,BFPO 61',
  GF: '97300',
  GG: 'GY1 1AA,GY2 2BT',
  GI: 'GX11 1AA',
  GL: '3900,3950,3911',
  GP: '97100',
  GR: '151 24,151 10,101 88',
  GU: '96910,96931',
  HR: '10000,21001',
  HU: '1037,2380',
  IL: '9614303',
  IM: 'IM2 1AA,IM99 1PS',
  IN: '110034,110001',
  IO: 'BBND 1ZZ',
  IR: '11936-12345',
  IS: '320,121,220',
  IT: '00144,47037,39049',
  JE: 'JE1 1AA,JE2 2BT',
  JP: '154-0023,350-1106,951-8073',
  KE: '20100,00100',
  KR: '110-110,699-800,03187',
  KW: '54541,13009',
  KY: 'KY1-1100',
  LB: '2038 3054,1000',
  LI: '9496,9485',
  LT: '04340,LT-03500',
  LU: '4750,L-2998',
  LV: 'LV-1073,LV-1000',
  MC: '98000,98020',
  MH: '96960',
  MP: '96950',
  MQ: '97220',
  MT: 'NXR 01,ZTN 05,BZN 1130',
  MX: '02860,77520',
  MY: '43000,50754',
  NC: '98814',
  NL: '1234 AB,2490 AA',
  NO: '0025,0107,6631',
  NZ: '6001,6015',
  PE: 'LIMA 23,CALLAO 2,02001',
  PL: '00-950,05-470',
  PM: '97500',
  PN: 'PCRN 1ZZ',
  PR: '00930',
  PT: '2725-079,1250-096',
  RE: '97400',
  RO: '060274,061357',
  RS: '106314,11000',
  RU: '125075,247112',
  SE: '11455,123 45,S-105 00',
  SG: '546080,308125',
  SH: 'STHL 1ZZ',
  SI: '4000,SI-1001',
  SJ: '9170',
  SK: '010 01,023 14',
  SM: '47890',
  SV: 'CP 1101',
  TC: 'TKCA 1ZZ',
  TR: '01960,06101',
  TW: '104,106,10603',
  UA: '15432,01055',
  US: '95014,22162-1010',
  VA: '00120',
  VG: 'VG1110',
  VI: '00802-1222',
  WF: '98600',
  YT: '97600',
  ZA: '0083,1451',
};

test.each(Object.entries(EXAMPLES))('the post of %s knows %s', (country, codes) => {
  for (const code of codes.split(',')) expect([code, isPostalCode(code, country)]).toEqual([code, true]);
});

test.each([
  ['ES', 'E-35001'],
  ['ES', '３５００１'],
  ['PT', 'PT-9000-001'],
  ['PT', '9000 001'],
  ['GP', 'F-97110'],
  ['GB', 'sw1a1aa'],
  ['CA', 'k1a-0b1'],
  ['JP', '１５０－０００２'],
  ['US', '2134'],
  ['DE', '1067'],
])('in %s people write %s too', (country, code) => {
  expect(isPostalCode(code, country)).toBe(true);
});

test.each([
  ['DE', '00000'],
  ['DE', 'ABC'],
  ['DE', '123'],
  ['DE', '101155'],
  ['DE', 'XX-10115'],
  ['DE', '75001 Paris'],
  ['FR', '00000'],
  ['FR', 'AB123'],
  ['US', '123456'],
  ['US', 'ABCDE'],
  ['GB', '12345'],
  ['GB', 'SW1A'],
  ['CA', '12345'],
  ['CA', 'D1A 0B1'],
  ['NL', '1234'],
  ['JP', '12345678'],
  ['CH', '10115'],
  ['HK', '-'],
  ['HK', '.'],
  ['HK', '\u200b'],
  ['AE', '--'],
])('in %s %j is none', (country, code) => {
  expect(isPostalCode(code, country)).toBe(false);
});

test('countries without postal codes need none, and the Union needs one, but for Ireland', () => {
  const WITHOUT =
    'AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CM CW DJ DM ER FJ GD GH GM GQ GY HK JM KI KM KN LC LY ML MO MR MW NR PA QA RW SB SC SL SR ST SY TD TF TG TL TO TT TV UG VU WS YE ZW'.split(
      ' ',
    );
  expect(WITHOUT.filter(needsPostalCode)).toEqual([]);
  const WITH =
    'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IT LT LU LV MT NL PL PT RO SE SI SK AU BR CA CH CN GB IN JP KR MX NO NZ SG US ZA'.split(
      ' ',
    );
  expect(WITH.filter((country) => !needsPostalCode(country))).toEqual([]);
  expect(needsPostalCode('IE')).toBe(false);
});
