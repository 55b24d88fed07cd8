import { axis, type Top, words } from './words.ts';

export const outdoors: Top = {
  name: 'Outdoors',
  ends: [
    'Made without fluorocarbons.',
    'Every part can be ordered and replaced at home.',
    'Tested by us through one wet autumn.',
  ],
  below: [
    {
      name: 'Backpacks',
      code: 'BAC',
      series: words('Ridgeway Talus Cairnhead Passo'),
      qualities: words('Roll-Top Waxed-Canvas Ultralight Frameless Recycled Waterproof'),
      things: words('Backpack Daypack Duffel Hip_Pack Trekking_Pack Messenger_Bag'),
      first: axis('Capacity', '18_l:18 28_l:28 45_l:45'),
      second: axis('Colour', 'Pine:PIN Granite:GRT Ember:EMB'),
      says: [
        'A {thing} that carries close to the back and swings with nobody.',
        'Everything has its place in this {thing}, and the place can be found in the dark.',
      ],
    },
    {
      name: 'Tents and Sleeping',
      code: 'TEN',
      series: words('Bivaro Northlea Stormhaven Vela'),
      qualities: words('Three-Season Ultralight Four-Season Down Synthetic Insulated'),
      things: words('Dome_Tent Tunnel_Tent Sleeping_Bag Sleeping_Mat Tarp Bivouac'),
      first: axis('Size', 'Solo:1P Two_Person:2P Three_Person:3P'),
      second: axis('Colour', 'Olive:OLI Sunset:SUN Slate:SLA'),
      says: [
        'A {thing} for nights when the forecast was wrong.',
        'It packs to the size of a loaf: a {thing} that is up before the kettle boils.',
      ],
    },
    {
      name: 'Cycling',
      code: 'CYC',
      series: words('Velomar Cadenza Tarmacadam Girolle'),
      qualities: words('Carbon Commuter Gravel Reflective Aluminium Winter'),
      things: words('Helmet Pannier Front_Light Floor_Pump Saddle Bell'),
      first: axis('Size', 'S:S M:M L:L'),
      second: axis('Colour', 'Black:BLK Signal:SIG White:WHT'),
      says: [
        'Made for every day of the year and not for the podium: a {thing} that shrugs off rain and salt.',
        'It stays where it is mounted and off the mind: a {thing} for the daily ride.',
      ],
    },
    {
      name: 'Garden',
      code: 'GAR',
      series: words('Thistledown Mallow_&_Spade Orchard_Row Greenwold'),
      qualities: words('Galvanised Ash-Handled Stainless Hand-Forged Terracotta Copper'),
      things: words('Trowel Watering_Can Pruning_Knife Planter Border_Fork Bird_Feeder'),
      first: axis('Size', 'Small:S Medium:M Large:L'),
      second: axis('Finish', 'Raw:RAW Green:GRN Black:BLK'),
      says: [
        'A {thing} in the old pattern, because it was right.',
        'Strong enough for heavy clay and handsome enough to hang by the door: a {thing} to hand on.',
      ],
    },
  ],
};
