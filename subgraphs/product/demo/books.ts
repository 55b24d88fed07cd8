import { axis, type Top, words } from './words.ts';

const format = axis('Format', 'Paperback:PB Hardback:HB Large_Print:LP Pocket_Edition:PE Gift_Edition:GE');

export const books: Top = {
  name: 'Books',
  ends: [
    'Printed on paper from certified forests.',
    'With an afterword and notes for reading groups.',
    'Thread-sewn, so that it lies open on a table.',
  ],
  below: [
    {
      name: 'Novels',
      code: 'NOV',
      taxClass: 'REDUCED',
      series: [],
      qualities: words('Quiet Borrowed Salt Last Hollow Unlit'),
      things: words('Harbour Orchard Cartographer Winter Lighthouse Inheritance'),
      first: format,
      says: [
        'Two sisters, one house, and a letter that arrives thirty years late. A novel about what families agree not to know.',
        'A stranger gets off the wrong train and stays. Warm, funny, and sharper than it first appears.',
      ],
    },
    {
      name: 'Crime',
      code: 'CRI',
      taxClass: 'REDUCED',
      series: [],
      qualities: words('Drowned Seventh Silent Crooked Vanished Midnight'),
      things: words('Witness Ferryman Alibi Clockmaker Verdict Passenger'),
      first: format,
      says: [
        'An inspector a year from her pension reopens the one case that everybody wanted closed.',
        'A locked room, nine guests, and a host who was dead before they arrived. Played strictly by the rules.',
      ],
    },
    {
      name: 'Cookery',
      code: 'CKY',
      taxClass: 'REDUCED',
      series: [],
      qualities: words('Everyday Slow Green Frugal Coastal Weekend'),
      things: words('Kitchen Table Baker Larder Oven Supper'),
      first: format,
      says: [
        'A hundred and twenty recipes that work, each tested in a small kitchen by somebody who is not a cook.',
        'Short lists of ingredients, clear steps and no photographs of fields. A book that will get stains.',
      ],
    },
  ],
};
