/** The demo's catalogue, made of word lists. Deterministic: the same on every machine. */
import { demoWorld } from '../../../platform/agent/demo.ts';
import { deterministicId } from '../../../platform/ids.ts';
import { slugOf } from '../slug.ts';
import type { ProductStatus, TaxClass } from '../entities.ts';
import { books } from './books.ts';
import { clothing } from './clothing.ts';
import { electronics } from './electronics.ts';
import { food } from './food.ts';
import { home } from './home.ts';
import { kitchen } from './kitchen.ts';
import { outdoors } from './outdoors.ts';
import { toys } from './toys.ts';
import type { Axis, Leaf, Top } from './words.ts';

const TOPS: readonly Top[] = [clothing, home, kitchen, electronics, outdoors, food, books, toys];
const LEAVES = TOPS.flatMap((top) => top.below.map((leaf) => ({ top, leaf })));

const OPENED = Date.UTC(2025, 0, 1);
const HOUR = 3_600_000;

/** A category of the demo. */
export interface DemoCategory {
  id: string;
  slug: string;
  name: string;
  parentId: string | null;
  path: string;
  position: number;
}

/** The tree: the tops, each followed by what lies below it. */
export const demoCategories: readonly DemoCategory[] = TOPS.flatMap((top, position) => {
  const parentId = topId(position);
  const parent = {
    id: parentId,
    slug: slugOf(top.name),
    name: top.name,
    parentId: null,
    path: `/${parentId}/`,
    position,
  };
  const children = top.below.map((leaf, index) => {
    const id = leafId(LEAVES.findIndex((one) => one.leaf === leaf));
    return {
      id,
      slug: slugOf(`${top.name} ${leaf.name}`),
      name: leaf.name,
      parentId,
      path: `/${parentId}/${id}/`,
      position: index,
    };
  });
  return [parent, ...children];
});

function topId(index: number): string {
  return deterministicId('category', index);
}

function leafId(index: number): string {
  return deterministicId('category', TOPS.length + index);
}

/** A product of the demo. */
export interface DemoProduct {
  id: string;
  slug: string;
  name: string;
  description: string;
  status: ProductStatus;
  categoryId: string;
  createdAt: Date;
}

/** The nth product. The categories at the bottom take turns, so that every page shows many of them. */
export function demoProduct(n: number): DemoProduct {
  const { top, leaf } = leafOf(n);
  const turn = Math.floor(n / LEAVES.length);
  const thing = leaf.things[turn % leaf.things.length]!;
  // Each turn takes another pair of quality and thing, so that no two products of a category share a name.
  const quality = leaf.qualities[(turn + Math.floor(turn / leaf.things.length)) % leaf.qualities.length]!;
  const series = leaf.series[turn % leaf.series.length] ?? 'The';
  const name = `${series} ${quality} ${thing}`;
  const says = tell(leaf.says[turn % leaf.says.length]!, lowerCase(thing));
  const description = `${says} ${top.ends[(turn + n) % top.ends.length]}`;
  const createdAt = new Date(OPENED + n * 9 * HOUR);
  return {
    id: demoWorld.productId(n),
    slug: slugOf(name),
    name,
    description,
    status: statusOf(n),
    categoryId: leafId(n % LEAVES.length),
    createdAt,
  };
}

/** A variant of the demo. */
export interface DemoProductVariant {
  sku: string;
  name: string;
  attributes: { name: string; value: string }[];
  taxClass: TaxClass;
}

/** The variant at a place of the nth product. */
export function demoVariant(n: number, index: number): DemoProductVariant {
  const { leaf } = leafOf(n);
  const chosen = leaf.second
    ? [pick(leaf.first, index >> 1), pick(leaf.second, n + (index & 1))]
    : [pick(leaf.first, index)];
  const codes = chosen.map(({ code }) => code).reverse();
  return {
    sku: [leaf.code, String(n).padStart(4, '0'), ...codes].join('-'),
    name: chosen.map(({ label }) => label).join(' / '),
    attributes: chosen.map(({ axis, label }) => ({ name: axis, value: label })),
    taxClass: leaf.taxClass ?? 'STANDARD',
  };
}

const leafOf = (n: number): { top: Top; leaf: Leaf } => LEAVES[n % LEAVES.length]!;

function pick({ name, values }: Axis, index: number): { axis: string; label: string; code: string } {
  const [label, code] = values[index % values.length]!;
  return { axis: name, label, code };
}

/** A few of the last products are not for sale. */
function statusOf(n: number): ProductStatus {
  if (n < demoWorld.products - 40) return 'ACTIVE';
  return ({ 7: 'DRAFT', 9: 'ARCHIVED' } as const)[n % 10] ?? 'ACTIVE';
}

/** The sentence about a thing, with `an` where it begins with a vowel's sound. */
const tell = (sentence: string, thing: string): string =>
  sentence
    .replaceAll(/\b([Aa]) \{thing\}/g, /^([aeio]|SSD|NVM)/.test(thing) ? '$1n {thing}' : '$1 {thing}')
    .replaceAll('{thing}', thing);

/** `Chef's Knife` becomes `chef's knife`; what is all capitals stays: `SSD`. */
const lowerCase = (thing: string): string => thing.replace(/\b[A-Z](?=[a-z'])/g, (letter) => letter.toLowerCase());
