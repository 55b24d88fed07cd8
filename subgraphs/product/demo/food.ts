import { axis, type Top, words } from './words.ts';

const grams = axis('Weight', '125_g:125 250_g:250 500_g:500 1_kg:1K 2.5_kg:2K5');

export const food: Top = {
  name: 'Food and Drink',
  ends: [
    'Keep it cool and dry, and away from light.',
    'Packed in paper that goes into the compost.',
    'At least six months of shelf life when it reaches you.',
  ],
  below: [
    {
      name: 'Coffee Beans',
      code: 'BEA',
      taxClass: 'REDUCED',
      series: words('Alta_Vereda Mbari_Hill Saltire_Roast Quetzalí'),
      qualities: words('Dark Washed Natural Honey-Processed Medium Single-Origin'),
      things: words('Espresso Filter_Roast Decaf House_Blend Breakfast_Blend Peaberry'),
      first: grams,
      says: [
        'Roasted on Mondays and sent the same day. Notes of cocoa and roasted hazelnut, with a long finish.',
        'Bright and clean in the cup, with stone fruit on the nose and a sweetness that needs no sugar.',
      ],
    },
    {
      name: 'Tea and Infusions',
      code: 'TEA',
      taxClass: 'REDUCED',
      series: words('Meadowbank Seven_Terraces Lapwing Jadewater'),
      qualities: words('Smoked First-Flush Jasmine Spiced Wild Organic'),
      things: words('Black_Tea Green_Tea Oolong Rooibos Herbal_Infusion White_Tea'),
      first: axis('Weight', '50_g:50 100_g:100 250_g:250 500_g:500 1_kg:1K'),
      says: [
        'Whole leaves with room to open. Steep them three minutes, and a second time.',
        'Picked by hand on a few hillsides that we know by name, and blended in small lots.',
      ],
    },
    {
      name: 'Pantry',
      code: 'PAN',
      taxClass: 'REDUCED',
      series: words('Cortijo_Luna Millrace Old_Granary Petrosa'),
      qualities: words('Stone-Ground Cold-Pressed Raw Sun-Dried Smoked Wholegrain'),
      things: words('Flour Olive_Oil Honey Tomatoes Sea_Salt Pasta'),
      first: axis('Pack', 'Single:1 Pack_of_2:2 Pack_of_3:3 Pack_of_6:6 Pack_of_12:12'),
      says: [
        'One ingredient and nothing beside it, from a family that has made it for four generations.',
        'A plain thing done properly. It makes a simple supper taste as if somebody had planned it.',
      ],
    },
    {
      name: 'Chocolate and Sweets',
      code: 'CHO',
      taxClass: 'REDUCED',
      series: words('Belcanto Amaro_&_Figli Snowdrop Tikal_Grove'),
      qualities: words('Dark Milk Salted Hazelnut Ruby Orange'),
      things: words('Chocolate_Bar Truffles Nougat Pralines Caramels Drinking_Chocolate'),
      first: axis('Box', '80_g:80 160_g:160 240_g:240 480_g:480 960_g:960'),
      says: [
        'Made from the bean in a workshop of six people. It snaps, then melts slowly.',
        'Not too sweet, and with more cocoa than it has to have. Best shared, hard to share.',
      ],
    },
  ],
};
