import { axis, type Top, words } from './words.ts';

export const kitchen: Top = {
  name: 'Kitchen',
  ends: [
    'Warm water and a soft brush are all the care that it needs.',
    'Packed without plastic, in a box worth keeping.',
    'With two years of warranty on everything but honest wear.',
  ],
  below: [
    {
      name: 'Cookware',
      code: 'COO',
      series: words('Ferrant Copperleigh Maris_Forge Tolland'),
      qualities: words('Cast-Iron Stainless Carbon-Steel Enamelled Copper-Core Hard-Anodised'),
      things: words('Saucepan Casserole Frying_Pan Wok Stockpot Griddle'),
      first: axis('Diameter', '20_cm:20 24_cm:24 28_cm:28'),
      second: axis('Colour', 'Black:BLK Flame:FLM Sea_Blue:SEA'),
      says: [
        'A {thing} that heats evenly to the rim and holds the heat when food goes in.',
        'Heavy where it should be and balanced in the hand: a {thing} for decades.',
      ],
    },
    {
      name: 'Knives and Tools',
      code: 'KNV',
      series: words('Sabrel Hagane_&_Horn Whetworth Edda'),
      qualities: words('Forged Damascus Ash-Handled Serrated Hammered Full-Tang'),
      things: words("Chef's_Knife Paring_Knife Bread_Knife Santoku Vegetable_Knife Cleaver"),
      first: axis('Handle', 'Walnut:WAL Olive_Wood:OLV Black_Resin:RES Ash:ASH Beech:BEE'),
      says: [
        'A {thing} ground thin behind the edge, so that it cuts instead of wedging.',
        'Keen out of the box and easy to sharpen, this {thing} does nine tenths of the work in a kitchen.',
      ],
    },
    {
      name: 'Tableware',
      code: 'TAB',
      series: words('Pottergate Lowmoor Celadine Brisa'),
      qualities: words('Stoneware Porcelain Speckled Reactive-Glaze Earthenware Ribbed'),
      things: words('Plate Bowl Mug Serving_Dish Jug Ramekin'),
      first: axis('Set', 'Single:1 Set_of_2:2 Set_of_4:4'),
      second: axis('Glaze', 'Chalk:CHK Ocean:OCE Moss:MOS Ink:INK'),
      says: [
        'Glazed by hand, so no {thing} is quite like its neighbour.',
        'A {thing} with a foot that sits firm and a rim that is good to hold.',
      ],
    },
    {
      name: 'Coffee and Tea',
      code: 'COF',
      series: words('Braemoor Caldera Third_Landing Kettlewick'),
      qualities: words('Glass Brushed-Steel Copper Ceramic Matt Double-Walled'),
      things: words('Kettle French_Press Pour-Over_Set Teapot Hand_Grinder Moka_Pot'),
      first: axis('Capacity', '0.3_l:030 0.6_l:060 1.0_l:100'),
      second: axis('Colour', 'Steel:STL Black:BLK Cream:CRM'),
      says: [
        'A {thing} for people who make the first cup of the day with care.',
        'It pours slowly and stops without a drip: a {thing} that turns a habit into a pleasure.',
      ],
    },
  ],
};
