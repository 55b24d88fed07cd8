import { axis, type Top, words } from './words.ts';

const wood = axis('Finish', 'Oak:OAK Walnut:WAL Black:BLK White:WHT');

export const home: Top = {
  name: 'Home',
  ends: [
    'Sent in recycled cardboard, without plastic.',
    'Easy to care for: a card in the box says how.',
    'Made in small batches, so shades differ a little from piece to piece.',
  ],
  below: [
    {
      name: 'Bed Linen',
      code: 'BED',
      series: words('Morrowdale Linnet Stillwater Avonlea'),
      qualities: words('Washed_Linen Percale Sateen Flannel Organic_Cotton Seersucker'),
      things: words('Duvet_Cover Pillowcase Fitted_Sheet Bedspread Flat_Sheet Bolster_Case'),
      first: axis('Size', 'Single:SGL Double:DBL King:KNG'),
      second: axis('Colour', 'White:WHT Dusk:DSK Sage:SAG Clay:CLA'),
      says: [
        'A {thing} that feels washed a hundred times from the first night.',
        'Woven densely enough to be crisp and openly enough to breathe, this {thing} suits every season.',
      ],
    },
    {
      name: 'Lighting',
      code: 'LIG',
      series: words('Halden Lumeno Orrery Kestrel'),
      qualities: words('Brass Smoked_Glass Ceramic Paper Enamel Oak'),
      things: words('Table_Lamp Floor_Lamp Pendant Wall_Light Desk_Lamp Lantern'),
      first: axis('Size', 'Small:S Medium:M Large:L'),
      second: axis('Finish', 'Brass:BRA Black:BLK Chalk:CHK'),
      says: [
        'A {thing} that throws a warm pool of light and no glare.',
        'Dimmable down to a glimmer: a {thing} for reading corners and long evenings.',
      ],
    },
    {
      name: 'Storage',
      code: 'STO',
      series: words('Tidewell Nordby Casken Plinth'),
      qualities: words('Solid_Oak Bamboo Rattan Powder-Coated_Steel Felt Birch'),
      things: words('Shelf Basket Coat_Rack Chest Bench Trolley'),
      first: axis('Width', '40_cm:40 60_cm:60 80_cm:80'),
      second: wood,
      says: [
        'A {thing} that makes room where there was none.',
        'Sturdy and quiet to look at, this {thing} takes what has no place yet.',
      ],
    },
    {
      name: 'Rugs and Textiles',
      code: 'RUG',
      series: words('Anatoli Westering Jorvik Samarra'),
      qualities: words('Wool Jute Cotton Flatwoven Tufted Recycled'),
      things: words('Rug Runner Throw Cushion Doormat Blanket'),
      first: axis('Size', 'Small:S Medium:M Large:L'),
      second: axis('Colour', 'Terracotta:TER Natural:NAT Indigo:IND Ochre:OCH'),
      says: [
        'A {thing} woven by the metre on old looms, with edges bound by hand.',
        'It softens a room at once: a {thing} with a weight that stays where it is put.',
      ],
    },
  ],
};
