/** Breaches of the rules of the architecture are noticed: small houses, each with one mistake. */
import { describe, expect, test } from '@jest/globals';
import { circularFolders, librariesInBin, misplacedInGateway } from './folders.ts';
import { forbiddenImports, impureImports } from './imports.ts';
import { demoPastItsEntry, misshapenRooms } from './rooms.ts';
import { longFiles, registryAddresses, untoldExports, worldlyRooms } from './style.ts';

const house = (files: Record<string, string>): Map<string, string> => new Map(Object.entries(files));

describe('folders of the platform', () => {
  const files = {
    'platform/agent/host.ts': "import { open } from '../store/store.ts';\nimport { Fault } from '../errors.ts';",
    'platform/store/store.ts': "import { append } from '../events/log.ts';",
    'platform/events/log.ts': "import type { Work } from '../store/store.ts';\nimport { Fault } from '../errors.ts';",
  };

  test('that import one another in a circle are noticed', () => {
    expect(circularFolders(house(files))).toEqual([]);
    const knot = { ...files, 'platform/events/consumer.ts': "import { open } from '../store/store.ts';" };
    expect(circularFolders(house(knot)).join('\n')).toContain(
      'platform/events/consumer.ts imports platform/store/store.ts: the folders of platform/ form a circle',
    );
  });
});

describe('folders of the gateway', () => {
  const files = {
    'gateway/server.ts': "import { yoga } from './http/yoga.ts';",
    'gateway/gateway.testing.ts': '',
    'gateway/http/yoga.ts':
      "import { run } from '../operations/operations.ts';\nimport type { G } from '../server.ts';",
    'gateway/operations/operations.ts': '',
  };

  test('that import one another without a circle are accepted', () => {
    expect(misplacedInGateway(house(files))).toEqual([]);
    expect(circularFolders(house(files), 'gateway')).toEqual([]);
  });

  test.each([
    ['a file beside the stages', { 'gateway/operation.ts': '' }, 'gateway/operation.ts lies in no stage'],
    ['a folder that is no stage', { 'gateway/helpers/x.ts': '' }, 'gateway/helpers/x.ts lies in no stage'],
    [
      'a stage that imports the server',
      { 'gateway/http/front.ts': "import { createGateway } from '../server.ts';" },
      'gateway/http/front.ts imports gateway/server.ts',
    ],
  ])('%s is noticed', (_, more, told) => {
    expect(misplacedInGateway(house({ ...files, ...more }))).toEqual([expect.stringContaining(told)]);
  });

  test('that import one another in a circle are noticed', () => {
    const circle = { ...files, 'gateway/operations/mask.ts': "import { yoga } from '../http/yoga.ts';" };
    expect(circularFolders(house(circle), 'gateway').join('\n')).toContain('the folders of gateway/ form a circle');
  });
});

test("a library in bin/ is noticed; commands, compositions and helpers of a command's process are accepted", () => {
  const files = {
    'package.json': '{ "scripts": { "start": "node bin/agora.mjs bin/start.ts" } }',
    'bin/agora.mjs': '',
    'bin/start.ts': '',
    'bin/embedded.ts': '',
    'bin/process/listen.ts': '',
    'bin/start.test.ts': '',
  };
  expect(librariesInBin(house(files))).toEqual([]);
  expect(librariesInBin(house({ ...files, 'bin/api-keys.ts': '' }))).toEqual([
    expect.stringContaining('bin/api-keys.ts is no command'),
  ]);
});

describe('imports', () => {
  test.each([
    ['the platform of a room', 'platform/money.ts', "import { x } from '../subgraphs/order/domain.ts';"],
    ['the platform of the ground', 'platform/agent/host.ts', "import type { Pool } from '../../db/pool.ts';"],
    ['a room of another', 'subgraphs/order/service.ts', "import {\n  price,\n} from '../pricing/domain.ts';"],
    [
      'a test of a room of another room',
      'subgraphs/order/order.test.ts',
      "import { price } from '../pricing/domain.ts';",
    ],
    ['a room of the gateway', 'subgraphs/order/service.ts', "import '../../gateway/server.ts';"],
    ['a room of a type of the ground', 'subgraphs/order/service.ts', "type Pool = typeof import('../../db/pool.ts');"],
    ['the gateway of the list of rooms', 'gateway/server.ts', "const rooms = await import('../subgraphs/index.ts');"],
    ['a room of the list of rooms', 'subgraphs/order/service.ts', "export { loadAgents } from '../index.ts';"],
    ['production code of the tests', 'gateway/server.ts', "import { admin } from '../tests/support/agents.ts';"],
    ['production code of the ground', 'subgraphs/order/service.ts', "import { createPool } from '../../db/pool.ts';"],
    ['a test of a room of the gateway', 'subgraphs/order/order.test.ts', "import '../../gateway/server.ts';"],
    ['an example of the house', 'examples/first-client/index.ts', "import { money } from '../../platform/money.ts';"],
  ])('%s are noticed', (_, path, text) => {
    expect(forbiddenImports(house({ [path]: text }))).toEqual([expect.stringContaining(`${path} imports `)]);
  });

  test('that are allowed are accepted', () => {
    const files = {
      'subgraphs/order/cart/service.ts':
        "import { refuse } from '../../../platform/errors.ts';\nimport { total } from '../domain.ts';\nimport { z } from 'zod';",
      'subgraphs/order/order.test.ts': "import { openAgents } from '../../tests/support/agents.ts';",
      'subgraphs/order/order.testing.ts': "import { createPool } from '../../db/pool.ts';",
      'gateway/server.ts':
        "import { createGate } from '../platform/gate/gate.ts';\n/** As import('../db/pool.ts') would. */",
      'bin/start.ts':
        "import { loadAgents } from '../subgraphs/index.ts';\nimport { createPool } from '../db/pool.ts';",
    };
    expect(forbiddenImports(house(files))).toEqual([]);
  });

  test('by which rules reach for the world are noticed, also through another file of the room', () => {
    const direct = house({ 'subgraphs/order/domain.ts': "import { readFileSync } from 'node:fs';" });
    expect(impureImports(direct)).toEqual([expect.stringContaining('domain.ts imports node:fs')]);
    const behind = house({
      'subgraphs/order/domain.ts': "import { addDays } from './days.ts';",
      'subgraphs/order/days.ts': "import { systemClock } from '../../platform/clock.ts';",
    });
    expect(impureImports(behind)).toEqual([expect.stringContaining('days.ts imports platform/clock.ts')]);
    const tables = house({ 'subgraphs/order/domain.ts': "import { Order } from './entities.ts';" });
    expect(impureImports(tables)).toHaveLength(1);
  });

  test('of money, errors and types into rules are accepted', () => {
    const domain =
      "import { refuse } from '../../platform/errors.ts';\nimport type { Order } from './entities.ts';\nimport { step } from './states.ts';";
    const files = {
      'subgraphs/order/domain.ts': domain,
      'subgraphs/order/states.ts': "import { sum } from '../../platform/money.ts';",
    };
    expect(impureImports(house(files))).toEqual([]);
  });
});

describe('a room', () => {
  const room = {
    'subgraphs/order/agent.ts': 'export default defineAgent({});',
    'subgraphs/order/schema.graphql': 'type Query {\n}\ntype Mutation {\n}\ntype Order @key(fields: "id")',
    'subgraphs/order/entities.ts': '',
    'subgraphs/order/migrations/0001-order.sql': '',
    'subgraphs/order/access.ts': '',
    'subgraphs/order/domain.ts': '',
    'subgraphs/order/domain.test.ts': '',
    'subgraphs/order/queries.ts': '',
    'subgraphs/order/service.ts': '',
    'subgraphs/order/resolvers.ts': '',
    'subgraphs/order/order.test.ts': '',
  };

  test('that is whole is accepted', () => {
    expect(misshapenRooms(house(room))).toEqual([]);
  });

  test.each(Object.keys(room))('without its %s is noticed', (path) => {
    const { [path]: _, ...rest } = room as Record<string, string>;
    const isOptional = path.endsWith('/domain.ts');
    expect(misshapenRooms(house(rest)).length > 0).toBe(!isOptional);
  });

  test('with a misnamed file, or an agent that exports more, is noticed', () => {
    expect(misshapenRooms(house({ ...room, 'subgraphs/order/cartHelpers.ts': '' }))).toEqual([
      expect.stringContaining('cartHelpers.ts'),
    ]);
    const agent = 'export default defineAgent({});\nexport const helper = 1;';
    expect(misshapenRooms(house({ ...room, 'subgraphs/order/agent.ts': agent }))).toEqual([
      expect.stringContaining('nothing else'),
    ]);
  });

  test.each([
    ['subgraphs/order/demo-people.ts', 'demo-people.ts belongs into demo.ts'],
    ['subgraphs/order/cart/demo.ts', 'cart/demo.ts belongs into demo.ts'],
    ['subgraphs/order/demo/people.ts', 'lacks demo.ts'],
  ])('with demo data elsewhere than in demo.ts and its demo/ is noticed: %s', (path, told) => {
    expect(misshapenRooms(house({ ...room, [path]: '' }))).toEqual([expect.stringContaining(told)]);
    const whole = {
      'subgraphs/order/demo.ts': '',
      'subgraphs/order/demo/people.ts': '',
      'subgraphs/order/demo.test.ts': '',
    };
    expect(misshapenRooms(house({ ...room, ...whole }))).toEqual([]);
  });

  test('whose demo data is reached past demo.ts is noticed', () => {
    const files = {
      'subgraphs/order/agent.ts': "import { orderDemo } from './demo.ts';",
      'subgraphs/order/demo.ts': "import { LIVES } from './demo/lives.ts';",
      'subgraphs/order/demo/lives.ts': "import { words } from './words.ts';",
      'subgraphs/order/demo.test.ts': "import { LIVES } from './demo/lives.ts';",
    };
    expect(demoPastItsEntry(house(files))).toEqual([]);
    const past = { ...files, 'subgraphs/order/service.ts': "import { LIVES } from './demo/lives.ts';" };
    expect(demoPastItsEntry(house(past))).toEqual([
      expect.stringContaining('service.ts imports subgraphs/order/demo/lives.ts'),
    ]);
    const twice = { ...files, 'subgraphs/order/queries.ts': "import { orderDemo } from './demo.ts';" };
    expect(demoPastItsEntry(house(twice))).toHaveLength(1);
  });

  test.each(['new Date()', 'Date.now()', 'Math.random()', 'process.env.PORT'])(
    'that uses %s is noticed, and its tests are not',
    (world) => {
      const text = `// ${world}\nconst x = ${world};`;
      expect(
        worldlyRooms(house({ 'subgraphs/order/service.ts': text, 'subgraphs/order/order.test.ts': text })),
      ).toEqual([expect.stringContaining('service.ts:2 uses')]);
    },
  );
});

test('a file of 401 lines is noticed, one of 400 and a generated one are not', () => {
  const lines = (count: number): string => 'x;\n'.repeat(count);
  const files = {
    'gateway/a.ts': lines(401),
    'gateway/b.ts': lines(400),
    'subgraphs/order/resolvers.generated.ts': lines(999),
  };
  expect(longFiles(house(files))).toEqual([expect.stringContaining('gateway/a.ts has 401 lines')]);
});

test('an export without a comment is noticed', () => {
  const text =
    '/** Told. */\nexport const told = 1;\n\nexport interface Untold {}\nexport async function alsoUntold() {}\n';
  expect(
    untoldExports(house({ 'platform/a.ts': text, 'platform/a.test.ts': text, 'subgraphs/order/a.ts': text })),
  ).toEqual([
    expect.stringContaining('platform/a.ts exports Untold'),
    expect.stringContaining('platform/a.ts exports alsoUntold'),
  ]);
});

test.each([
  ['.npmrc', 'registry=https://npm.example.org/'],
  ['package-lock.json', '"resolved": "https://npm.example.org/a.tgz"'],
  ['docker-compose.yml', 'image: mirror.example.org:5000/postgres:18'],
  ['deploy/Dockerfile', 'FROM mirror.example.org/node:24'],
  ['docs/a.md', 'see https://registry.example.org/x'],
])('an address in %s is noticed', (path, text) => {
  expect(registryAddresses(house({ [path]: text }))).toEqual([expect.stringContaining(path)]);
  expect(
    registryAddresses(house({ 'docker-compose.yml': 'image: postgres:18\n', 'deploy/Dockerfile': 'FROM node:24' })),
  ).toEqual([]);
});
