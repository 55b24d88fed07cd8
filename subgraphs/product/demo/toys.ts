import { axis, type Top, words } from './words.ts';

export const toys: Top = {
  name: 'Toys and Games',
  ends: [
    'A good present, and a better reason to stay in.',
    'In a box that survives being sat on.',
    'Lost pieces are replaced free of charge.',
  ],
  below: [
    {
      name: 'Wooden Toys',
      code: 'WOO',
      series: words('Kobold Tumbledown Little_Alder Hopscotch_Lane'),
      qualities: words('Beech Stacking Rainbow Maple Pull-Along Magnetic'),
      things: words('Blocks Train Farm Garage Marble_Run Puzzle'),
      first: axis('Set', 'Starter:STA Classic:CLA Grand:GRD'),
      second: axis('Finish', 'Natural:NAT Bright:BRI Pastel:PAS'),
      says: [
        'A toy that does nothing by itself, so that children do everything: {thing} sanded smooth and made to be dropped.',
        'It fits what is there already and grows with every birthday. Solid wood, and no batteries.',
      ],
    },
    {
      name: 'Board Games',
      code: 'GAM',
      series: words('Caravel Mosswood Lanternfish Emberkeep'),
      qualities: words('Cooperative Strategic Two-Player Family Quick-Fire Legacy'),
      things: words('Trading_Game Card_Game Dice_Game Detective_Game Tile_Game Adventure'),
      first: axis('Edition', 'English:EN French:FR German:DE Spanish:ES Collector:COL'),
      says: [
        'Explained in five minutes and played for years. A {thing} in which nobody is out before the end.',
        'Tense, friendly and over in an hour: a {thing} that reaches the table again and again.',
      ],
    },
    {
      name: 'Craft Kits',
      code: 'CRA',
      series: words('Paperkite Thimble_&_Twine Makerling Inkwell'),
      qualities: words("Beginner's Botanical Folk-Art Geometric Seasonal Deluxe"),
      things: words('Embroidery_Kit Linocut_Kit Weaving_Kit Origami_Kit Candle_Kit Bookbinding_Kit'),
      first: axis('Level', 'First_Steps:1 Practised:2 Advanced:3'),
      second: axis('Theme', 'Forest:FOR Sea:SEA Town:TWN'),
      says: [
        'Everything that it takes is in the box, and the booklet shows each step in a drawing.',
        'An evening to learn and a winter to get good at: a {thing} with enough material for three pieces.',
      ],
    },
  ],
};
