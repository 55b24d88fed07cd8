import { axis, type Top, words } from './words.ts';

export const electronics: Top = {
  name: 'Electronics',
  ends: [
    'The manual has four pages and is worth reading.',
    'Made to be repaired: it opens with an ordinary screwdriver.',
    'With five years of warranty, and spare parts for ten.',
  ],
  below: [
    {
      name: 'Audio',
      code: 'AUD',
      series: words('Sonara Aurelo Vantic Murmur'),
      qualities: words('Wireless Compact Studio Portable Walnut Two-Channel'),
      things: words('Headset Amplifier Speaker Soundbar Turntable Radio'),
      first: axis('Edition', 'Standard:STD Plus:PLU Pro:PRO'),
      second: axis('Colour', 'Graphite:GRA Silver:SIL Midnight:MID'),
      says: [
        'Sound without effort: a {thing} tuned by ear and checked by measurement.',
        'Clear voices, tight bass and no app to sign up for: a {thing} for listening and not for show.',
      ],
    },
    {
      name: 'Storage Media',
      code: 'MEM',
      series: words('Kernwerk Datavale Oxbit Stratum'),
      qualities: words('Portable Rugged Fast Encrypted Slim Fanless'),
      things: words('SSD USB_Stick Memory_Card External_Drive NVMe_Drive Backup_Drive'),
      first: axis('Capacity', '128_GB:128G 256_GB:256G 512_GB:512G 1_TB:1T 2_TB:2T'),
      says: [
        'A {thing} that writes as fast at the end as at the beginning.',
        'Small enough to be forgotten in a pocket, and built to survive that: a {thing} with hardware error correction.',
      ],
    },
    {
      name: 'Computer Accessories',
      code: 'CAC',
      series: words('Typhoon_Lane Quillon Deskworth Nimbus_Row'),
      qualities: words('Mechanical Wireless Ergonomic Low-Profile Aluminium Silent'),
      things: words('Keyboard Mouse Laptop_Stand Webcam Docking_Station Trackball'),
      first: axis('Layout', 'UK:UK US:US DE:DE'),
      second: axis('Colour', 'White:WHT Black:BLK Sky:SKY'),
      says: [
        'A {thing} for people who sit at it eight hours a day.',
        'Plain, precise and quiet: a {thing} that works with whatever it is plugged into.',
      ],
    },
    {
      name: 'Smart Home',
      code: 'SMA',
      series: words('Hearthly Portico Wattson_Vale Domora'),
      qualities: words('Mesh Battery Solar Hub-Free Outdoor Low-Power'),
      things: words('Thermostat Motion_Sensor Smart_Plug Door_Sensor Leak_Alarm Light_Switch'),
      first: axis('Pack', 'Single:1 Pack_of_2:2 Pack_of_3:3 Pack_of_5:5 Pack_of_10:10'),
      says: [
        'A {thing} that keeps its data in the house and goes on working when the line is down.',
        'Set up in a minute and silent ever after: a {thing} that speaks the open standards.',
      ],
    },
  ],
};
