import { axis, type Top, words } from './words.ts';

const size = axis('Size', 'XS:XS S:S M:M L:L XL:XL');
const colour = axis('Colour', 'Navy:NVY Sand:SND Forest:FOR Charcoal:CHA Ivory:IVO Rust:RUS');

export const clothing: Top = {
  name: 'Clothing',
  ends: [
    'Easy to care for: the label inside says how.',
    'It runs true to size.',
    'Made in two small workshops that we visit every year.',
  ],
  below: [
    {
      name: 'Shirts',
      code: 'SHI',
      series: words('Harrowby Lindmoor Talvera Ostwick'),
      qualities: words('Linen Oxford Flannel Poplin Chambray Brushed_Cotton'),
      things: words('Shirt Overshirt Work_Shirt Band-Collar_Shirt Short-Sleeve_Shirt Tunic'),
      first: size,
      second: colour,
      says: [
        'A {thing} that is worn in after a day and looks better for it.',
        'This {thing} is cut from mid-weight cloth that breathes in summer and layers in winter.',
      ],
    },
    {
      name: 'Knitwear',
      code: 'KNI',
      series: words('Fennholt Skerra Brackwell Isleworn'),
      qualities: words('Lambswool Merino Cotton Alpaca Ribbed Donegal'),
      things: words('Jumper Cardigan Roll_Neck Vest Crew_Neck Beanie'),
      first: size,
      second: axis('Colour', 'Oatmeal:OAT Slate:SLA Moss:MOS Burgundy:BUR Ink:INK'),
      says: [
        'A {thing} knitted from long fibres, so that it pills little and keeps its shape.',
        'Warm without bulk: a {thing} for cold mornings and draughty trains.',
      ],
    },
    {
      name: 'Trousers',
      code: 'TRO',
      series: words('Pellworth Corran Astbury Dunmere'),
      qualities: words('Twill Corduroy Canvas Wool_Blend Stretch_Cotton Seersucker'),
      things: words('Chinos Trousers Work_Trousers Shorts Cropped_Trousers Joggers'),
      first: axis('Waist', '28:28 30:30 32:32 34:34 36:36'),
      second: axis('Colour', 'Stone:STO Navy:NVY Olive:OLI Black:BLK'),
      says: [
        'Straight from the hip, with pockets deep enough to be used: {thing} for every day.',
        'These {thing} sit at the waist and taper a little towards the ankle.',
      ],
    },
    {
      name: 'Socks and Accessories',
      code: 'ACC',
      series: words('Tarnley Wicklow_&_Rye Merrigan Sandholm'),
      qualities: words('Merino Striped Ribbed Cashmere_Blend Organic_Cotton Herringbone'),
      things: words('Socks Scarf Gloves Belt Cap Bandana'),
      first: axis('Size', 'Small:S Medium:M Large:L'),
      second: axis('Colour', 'Navy:NVY Mustard:MUS Grey:GRY Bottle_Green:BGR'),
      says: [
        'A small thing that is used every day, made so that it lasts: {thing} in a yarn chosen for wear.',
        'Soft on the skin and hard to wear out. A good present, too.',
      ],
    },
  ],
};
