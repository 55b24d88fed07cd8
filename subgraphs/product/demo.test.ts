import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { demoWorld } from '../../platform/agent/demo.ts';
import { demoCategories, demoProduct, demoVariant } from './demo/catalogue.ts';
import { checkName, checkText } from '../../platform/text/text.ts';
import { checkVariants } from './domain.ts';
import { chooseSlug } from './slug.ts';

const products = Array.from({ length: demoWorld.products }, (_, n) => demoProduct(n));
const variants = demoWorld.variants.map(({ product, index }) => demoVariant(product, index));

describe("the demo's catalogue", () => {
  test('is one that the rules would accept, with no slug and no SKU twice', () => {
    for (const { name, slug, description } of products) {
      expect(chooseSlug(slug, name, [])).toMatchObject({ slug });
      expect(checkName(name, [])).toBe(name);
      checkText(description, [], { max: 10_000 });
      expect(description).not.toMatch(/[{}]|undefined/);
      expect(`${name} ${description}`).not.toMatch(/[a-z][A-Z]/);
    }
    const byProduct = Map.groupBy(variants, (_, n) => demoWorld.variants[n]!.product);
    for (const ofOne of byProduct.values()) checkVariants(ofOne, []);
    expect(new Set(products.map(({ slug }) => slug)).size).toBe(1000);
    expect(new Set(variants.map(({ sku }) => sku)).size).toBe(3500);
  });

  test('names each variant of a product differently', () => {
    const names = demoWorld.variants.map(({ product }, n) => `${product} ${variants[n]!.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('has a tree of 8 categories with 30 below, each with products', () => {
    const leaves = demoCategories.filter(({ parentId }) => parentId);
    expect([demoCategories.length - leaves.length, leaves.length]).toEqual([8, 30]);
    expect(new Set(products.map(({ categoryId }) => categoryId))).toEqual(new Set(leaves.map(({ id }) => id)));
  });

  test('is for sale, except for a few of the last products', () => {
    const others = products.flatMap(({ status }, n) => (status === 'ACTIVE' ? [] : [n]));
    expect(others.length).toBeGreaterThan(3);
    expect(others.length).toBeLessThan(20);
    expect(Math.min(...others)).toBeGreaterThan(900);
  });

  test('taxes food and books at the reduced rate', () => {
    const reduced = new Set(
      demoWorld.variants
        .filter((_, n) => variants[n]!.taxClass === 'REDUCED')
        .map(({ product }) => products[product]!.categoryId),
    );
    expect(demoCategories.filter(({ id }) => reduced.has(id)).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Pantry', 'Novels']),
    );
    expect(reduced.size).toBe(7);
  });
});

describe('loading the demo’s catalogue', () => {
  let agents: TestAgents;
  beforeAll(async () => {
    agents = await openAgents(['product']);
  });
  afterAll(() => agents.close());

  const load = () => agents.host.loadDemo(() => {});

  test('gives shops a list that begins with the first product, and changes nothing the second time', async () => {
    await load();
    const query =
      '{ products(first: 2) { totalCount nodes { id name variants { id sku } category { name parent { name } } } } categories { name children { name } } }';
    const read = () => agents.data('product', query, {}, ANONYMOUS);
    const first = await read();
    await agents.kysely.deleteFrom('platform.demo_load').execute();
    await load();
    expect(await read()).toEqual(first);
    expect(first.products.nodes.map(({ id }: { id: string }) => id)).toEqual([
      demoWorld.productId(0),
      demoWorld.productId(1),
    ]);
    expect(first.products.nodes[0].variants[0]).toEqual({ id: demoWorld.variants[0]!.id, sku: 'SHI-0000-NVY-XS' });
    expect(first.products.totalCount).toBe(products.filter(({ status }) => status === 'ACTIVE').length);
    expect(first.categories.map(({ name }: { name: string }) => name)).toHaveLength(8);
  });
});
