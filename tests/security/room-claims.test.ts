/** A claim that a room declares, from the token to the rows: it opens its owner's, and nobody else's. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import pg from 'pg';
import { confine } from '../../db/confine.ts';
import { READER } from '../../db/embedded-postgres/roles.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import type { Host } from '../../platform/agent/host.ts';
import { systemClock } from '../../platform/clock.ts';
import { LocalNonces } from '../../platform/cluster/nonces.ts';
import { type Claim, type OwnTables, ownRows } from '../../platform/data/own-rows.ts';
import { matching } from '../../platform/data/row-filter.ts';
import { Actor, type ActorClaims } from '../../platform/identity/actor.ts';
import { claimsOfRooms, type RoomClaims } from '../../platform/identity/room-claims.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { newUuid } from '../../platform/ids.ts';
import { newKey } from '../../platform/secrets/key-ring.ts';
import { requestSigner, requestVerifier } from '../../platform/wire/signed-request.ts';
import { openSmallAgent, type SmallAgent } from '../support/small-agent.ts';
import { agentIn, hostOf } from '../support/small-host.ts';

/** Whose a product is. `Claim` knows those of rooms that there are, and this room is none of them. */
const own = { product: { vendorId: 'vendorId' as Claim } } satisfies OwnTables;
const Product = defineEntity({
  name: 'Product',
  tableName: 'product',
  properties: { id: p.text().primary(), vendorId: p.text().nullable() },
});

let small: SmallAgent;
let folder: string;
let host: Host;
let vendor: AgentDefinition;
const supplier = (claims: RoomClaims): AgentDefinition =>
  agentIn(folder, 'supplier', () => ({ resolvers: { Query: { filtered: () => [], confined: () => [] } } }), { claims });

beforeAll(async () => {
  small = await openSmallAgent();
  folder = mkdtempSync(join(tmpdir(), 'agora-room-'));
  writeFileSync(join(folder, 'schema.graphql'), 'type Query { filtered: [String!]! confined: [String!]! }');
  await small.database.pool.query(`
    create schema vendor;
    create table vendor.product (id text primary key, vendor_id text);
    insert into vendor.product values ('a1', 'a'), ('a2', 'a'), ('b1', 'b'), ('ours', null), ('empty', '')`);
  const client = new pg.Client({ connectionString: small.database.url });
  await client.connect();
  await confine(client, [{ schema: 'vendor', confined: own, role: READER }]);
  await client.end();
  vendor = agentIn(
    folder,
    'vendor',
    ({ store }) => {
      const products = store.read.selectFrom('product').select('id').orderBy('id');
      return {
        resolvers: {
          Query: {
            filtered: async (_: unknown, __: object, { actor }: { actor: Actor }) =>
              (await products.where(matching(ownRows(own.product)(actor))).execute()).map(({ id }) => id),
            // No condition: it is PostgreSQL that leaves rows out.
            confined: async (_: unknown, __: object, { actor }: { actor: Actor }) =>
              (await store.readAs(actor).selectFrom('product').select('id').orderBy('id').execute()).map(
                ({ id }) => id,
              ),
          },
        },
      };
    },
    { claims: { vendorId: 'ven' }, confined: own, entities: [Product] },
  );
  host = await hostOf(small, [vendor, supplier({ supplierId: 'sup' })]);
});

afterAll(async () => {
  await small?.database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const pair = generateKeyPairSync('ed25519');
const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const [ring, process] = [[newKey()] as const, newUuid()];

/** What an actor is to an agent, after its token was verified by a gateway that knows these claims, and sent on. */
async function arrived(claims: Partial<ActorClaims>, known: RoomClaims): Promise<Actor> {
  const issuer = tokensFrom(privateKey, claimsOfRooms([vendor, supplier({ supplierId: 'sup' })]));
  const { token } = await issuer.sign({ id: 'user_1', roles: [], ...claims }, 900, new Date());
  const { actor } = await tokensFrom(publicKey, known).verify(token);
  const request = { method: 'POST', path: '/vendor', body: Buffer.from('{}') };
  const outgoing = { ...request, to: process, actor, correlationId: 'req_1' };
  const headers = requestSigner(ring, 'gateway', systemClock).sign(outgoing);
  return (await requestVerifier(ring, process, systemClock, new LocalNonces()).verify({ ...request, headers })).actor;
}

const KNOWN = { vendorId: 'ven', supplierId: 'sup' };

/** The products that an actor with these claims is shown, by the filter and by the policy. */
async function seen(claims: Partial<ActorClaims>, known: RoomClaims = KNOWN): Promise<unknown> {
  const context = { actor: await arrived(claims, known), correlationId: 'req_1' };
  return (await host.subgraphs[0]!.execute({ query: '{ filtered confined }' }, context)).data;
}

const both = (...ids: string[]) => ({ filtered: ids, confined: ids });

describe('by the filter and by the policy, the token of', () => {
  test('a vendor opens the rows of that vendor', async () => {
    expect(await seen({ ownerIds: { vendorId: 'a' } })).toEqual(both('a1', 'a2'));
    expect(await seen({ ownerIds: { vendorId: 'b', supplierId: 'a' }, customerId: 'a' })).toEqual(both('b1'));
  });

  test('a vendor that there is not, or that is none, opens nothing', async () => {
    for (const vendorId of ['c', '', "' or true --"]) expect(await seen({ ownerIds: { vendorId } })).toEqual(both());
  });

  test('anybody else with the same id opens nothing', async () => {
    expect(await seen({ ownerIds: { supplierId: 'a' } })).toEqual(both());
    for (const name of ['id', 'customerId', 'merchantId', 'sessionId'])
      expect(await seen({ [name]: 'a' })).toEqual(both());
  });

  test('one order opens nothing, though it names a vendor', async () => {
    expect(await seen({ orderId: 'o', ownerIds: { vendorId: 'a' } })).toEqual(both());
  });

  test('a vendor opens nothing by a gateway of a release that does not know the claim', async () => {
    expect(await seen({ ownerIds: { vendorId: 'a' } }, {})).toEqual(both());
    expect(await seen({ ownerIds: { vendorId: 'a' } }, { supplierId: 'sup' })).toEqual(both());
  });
});

test('two agents that declare one claim do not start', async () => {
  await expect(hostOf(small, [vendor, supplier({ vendorId: 'sup' })])).rejects.toThrow(
    'vendor and supplier both declare the claim vendorId.',
  );
  await expect(hostOf(small, [vendor], { allAgents: [vendor, supplier({ supplierId: 'ven' })] })).rejects.toThrow(
    'vendor and supplier both declare the short name ven.',
  );
});
