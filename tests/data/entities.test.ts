/**
 * Migrations make exactly the tables that the entities declare: a column stands in both, and is declared nowhere else.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EntitySchema } from '@mikro-orm/core';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { columnName } from '../../platform/data/column-name.ts';
import { approvalEntities } from '../../platform/approvals/approval-entity.ts';
import { DecisionOutcomeSchema, DecisionSchema } from '../../platform/decisions/decision-entity.ts';
import { FileSchema } from '../../platform/files/file-entity.ts';
import { JobPartSchema, JobSchema } from '../../platform/jobs/job-entity.ts';
import { ledgerEntities } from '../../platform/ledger/entities.ts';
import { outboundEntities } from '../../platform/outbound/entities.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const agents = await loadAgents();
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ sets: migrationSets(agents) });
});
afterAll(() => database?.drop());

/** Tables that the platform makes in an agent's schema, and that its entities do not declare. */
const OF_PLATFORM = [
  'idempotency',
  'webhook_delivery',
  'number_series',
  ...ledgerEntities.map(({ meta }) => meta.tableName),
];

/** PostgreSQL's names of MikroORM's types. */
const TYPES: Record<string, string> = {
  StringType: 'text',
  TextType: 'text',
  IntegerType: 'int4',
  BigIntType: 'int8',
  BooleanType: 'bool',
  DateTimeType: 'timestamptz',
  DateType: 'date',
  JsonType: 'jsonb',
  UuidType: 'uuid',
  ArrayType: '_text',
  BlobType: 'bytea',
  Uint8ArrayType: 'bytea',
  DecimalType: 'numeric',
};

interface Column {
  type: string;
  isNullable: boolean;
  isKey: boolean;
  /** Whether PostgreSQL sets a value where none is given. */
  isGiven: boolean;
  /** The values that it may have, if they are listed. */
  values: string[] | null;
}
type Tables = Record<string, Record<string, Column>>;

interface Property {
  type?: unknown;
  primary?: boolean;
  nullable?: boolean;
  enum?: boolean;
  items?: unknown;
  default?: unknown;
  defaultRaw?: unknown;
  autoincrement?: boolean;
}

const typeName = (type: unknown): string =>
  typeof type === 'function' ? type.name : (type as object).constructor.name;
const valuesOf = (items: unknown): string[] => {
  const given = typeof items === 'function' ? (items as () => unknown)() : items;
  return (Array.isArray(given) ? [...(given as string[])] : Object.values(given as Record<string, string>)).sort();
};

const declaredBy = (entities: readonly EntitySchema[]): Tables =>
  Object.fromEntries(
    entities.map(({ meta }) => [
      meta.tableName,
      Object.fromEntries(
        Object.entries<Property>(meta.properties as never).map(([name, property]) => [
          columnName(name),
          {
            type: property.enum ? 'text' : (TYPES[typeName(property.type)] ?? typeName(property.type)),
            isNullable: property.nullable === true,
            isKey: property.primary === true,
            isGiven: 'default' in property || 'defaultRaw' in property || property.autoincrement === true,
            values: property.enum ? valuesOf(property.items) : null,
          },
        ]),
      ),
    ]),
  );

async function madeIn(schema: string, but: readonly string[] = OF_PLATFORM): Promise<Tables> {
  const { rows } = await database.pool.query<{ table: string; column: string } & Column & { check: string | null }>(
    `select c.relname as table, a.attname as column, t.typname as type, not a.attnotnull as "isNullable",
            coalesce(a.attnum = any(k.conkey), false) as "isKey",
            a.atthasdef or a.attidentity <> '' as "isGiven",
            (select pg_get_constraintdef(o.oid) from pg_constraint o
              where o.conrelid = c.oid and o.contype = 'c' and o.conkey = array[a.attnum]
                and pg_get_constraintdef(o.oid) like '%= ANY (ARRAY[%') as check
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       join pg_type t on t.oid = a.atttypid
       left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
      where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all($2)`,
    [schema, but],
  );
  const tables: Tables = {};
  for (const { table, column, check, type, isNullable, isKey, isGiven } of rows) {
    const values = check === null ? null : [...check.matchAll(/'([^']*)'::text/g)].map(([, value]) => value!).sort();
    (tables[table] ??= {})[column] = { type, isNullable, isKey, isGiven, values };
  }
  return tables;
}

/**
 * Leaves out enums without a constraint, which those that change often need not have; the values that a constraint
 * lists, the entity lists too.
 */
function withoutFree(declared: Tables, made: Tables): Tables {
  for (const [table, columns] of Object.entries(declared))
    for (const [name, column] of Object.entries(columns))
      if (made[table]?.[name]?.values === null) column.values = null;
  return declared;
}

/** Entities of an agent, with those of the platform that its definition asks for. */
const entitiesOf = ({
  entities,
  decisions,
  approvals,
  files,
  jobs,
  outbound,
}: AgentDefinition): readonly EntitySchema[] => [
  ...entities,
  ...(decisions ? [DecisionSchema, DecisionOutcomeSchema] : []),
  ...(approvals ? approvalEntities : []),
  ...(files ? [FileSchema] : []),
  ...(jobs ? [JobSchema, JobPartSchema] : []),
  ...(outbound ? outboundEntities : []),
];

test.each(agents.map((agent) => ({ name: agent.name, entities: entitiesOf(agent) })))(
  'the tables of $name are those of its entities: columns, types, keys, defaults and listed values',
  async ({ name, entities }) => {
    const made = await madeIn(name);
    expect(made).toEqual(withoutFree(declaredBy(entities), made));
  },
);

test('the tables of a ledger are those of its entities', async () => {
  const [{ name }] = agents.filter(({ ledger }) => ledger) as [(typeof agents)[number]];
  const made = await madeIn(name, []);
  const theirs = Object.fromEntries(ledgerEntities.map(({ meta }) => [meta.tableName, made[meta.tableName]!]));
  expect(theirs).toEqual(withoutFree(declaredBy(ledgerEntities), theirs));
});
