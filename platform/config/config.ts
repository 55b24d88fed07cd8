/**
 * The configuration: one schema of the platform's variables and of those that rooms declare in their `agent.ts`, from
 * which `.env.example` is generated (`npm run codegen`). An invalid value stops the start with a message that names the
 * variable.
 */
import { z } from 'zod';
import { checkVariables, type RoomVariables } from './room-variables.ts';
import * as value from './values.ts';

const port = value.whole(0, 65_535);
const tiers = value.numbers(3, '3000/6000/12000');
const days = value.whole(1, 36_500);
const DAY = 86_400;

/** Every variable of the platform, with its description and default. */
export const configSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'])
    .default('development')
    .describe('production masks more and shows less'),
  PORT: port.default(4000).describe('the port of the gateway; 0 takes a free one'),
  HOST: value.host.default('127.0.0.1').describe('the address that the gateway listens on'),
  TLS_CERT: z
    .string()
    .optional()
    .describe(
      'a file with the certificate (PEM) that this process, gateway or agents, listens with, by HTTPS; absent: HTTP',
    ),
  TLS_KEY: z.string().optional().describe('a file with the private key (PEM) of TLS_CERT'),
  PUBLIC_URL: value.base
    .optional()
    .describe('the address that others reach the gateway at, for the agent card; absent: the one that they asked'),
  AGORA_DATA: z.string().default('.agora').describe('where the embedded PostgreSQL and the generated secrets are kept'),
  BACKUP_DIR: z
    .string()
    .optional()
    .describe(
      'a directory, on another disk, for backups of the embedded PostgreSQL and its archived write-ahead log, from which it is restored to any moment; absent: none',
    ),
  BACKUP_HOURS: value
    .whole(1, 24)
    .default(24)
    .describe('hours from one base backup in BACKUP_DIR to the next; a restore replays the log since the last one'),
  BACKUP_KEEP_DAYS: value
    .whole(1, 3650)
    .default(7)
    .describe('how many days back the database can be restored to any moment; older backups in BACKUP_DIR are deleted'),
  DATABASE_URL: value.postgres
    .optional()
    .describe(
      'a PostgreSQL to use instead of the embedded one; DATABASE_URL_ORDER and so on give one agent a role of its own',
    ),
  DATABASE_FALLBACK: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'whether the embedded PostgreSQL serves instead when DATABASE_URL is away at the start; never in production',
    ),
  DATABASE_DIRECT_URL: value.postgres
    .optional()
    .describe(
      'the same PostgreSQL past its connection pooler, for sagas, migrations, rings, and what outlives a transaction; absent: DATABASE_URL',
    ),
  DATABASE_REPLICA_URL: value.postgres
    .optional()
    .describe(
      'one hot standby of that PostgreSQL, which shoppers read the catalogue from while it is not five seconds behind; absent: all is read from the primary',
    ),
  DATABASE_ADMIN_URL: value.postgres
    .optional()
    .describe('a role that may make roles, for `npm run db:roles`; absent: DATABASE_URL. Not for running processes'),
  DATABASE_POOL: value.whole(4, 200).default(20).describe('connections to PostgreSQL, at most'),
  DATABASE_POOL_AGENT: value
    .whole(2, 200)
    .default(4)
    .describe('connections, at most, of an agent that has a role of its own'),
  DATABASE_PREPARE: z
    .enum(['true', 'false'])
    .default('true')
    .describe('false: no prepared statements, for a pooler that cannot keep them (PgBouncer before 1.21)'),
  REDIS_URL: value.redis
    .optional()
    .describe(
      'a Redis that several processes share what is passing in, redis:// or rediss://; absent: each has its own',
    ),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w.-]{1,50}$/)
    .default('agora')
    .describe('before every key and channel in Redis, where several installations share one'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('what is logged, as JSON lines on standard error'),
  OTEL_EXPORTER_OTLP_ENDPOINT: value.base
    .optional()
    .describe('an OpenTelemetry collector that takes traces over HTTP, such as http://127.0.0.1:4318; absent: none'),
  TRACES_FILE: z.string().optional().describe('a file to append traces to, a JSON line a span; for development'),
  TRACES_SHARE: value.share.default(1).describe('of the requests, how many are traced: 1 all, 0.01 one of a hundred'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,500}$/, '16 to 500 characters of ASCII, without spaces')
    .optional()
    .describe('the bearer token that opens /metrics; absent: only this machine may read them'),
  TOKEN_KEY: value.tokenKey
    .optional()
    .describe(
      'keys of access tokens, `id:PEM` of Ed25519: the first signs and is private (PKCS#8), the others verify; one may have no id; generated into AGORA_DATA when absent',
    ),
  TOKEN_PUBLIC_KEY: value.tokenPublicKey
    .optional()
    .describe(
      'the public halves of TOKEN_KEY (SPKI PEM) with the same ids, all that a process without identity needs; absent: they are taken from TOKEN_KEY',
    ),
  DRAIN_SECONDS: value
    .whole(0, 600)
    .default(5)
    .describe(
      'how long a gateway of its own serves on after SIGTERM, not ready any more, so that load balancers notice',
    ),
  EVENT_KEYS: value.keys
    .optional()
    .describe(
      'keys that sign events, `id:base64` of 32 bytes, the newest first; generated into AGORA_DATA when absent',
    ),
  SECRET_KEYS: value.keys
    .optional()
    .describe(
      'keys that seal secrets, `id:base64` of 32 bytes, the newest first; generated into AGORA_DATA when absent',
    ),
  REQUEST_KEYS: value.keys
    .optional()
    .describe(
      'keys that sign requests between processes, `id:base64` of 32 bytes, the newest first; the same in all of them',
    ),
  AGENT_PORT: port.default(0).describe('the port of a process of agents (`npm run agent`); 0 takes a free one'),
  AGENT_HOST: value.host.default('127.0.0.1').describe('the address that a process of agents listens on'),
  AGENT_URL: value.base
    .optional()
    .describe(
      'the address that others reach this one process of agents at; absent: http:// (https:// with TLS_CERT), AGENT_HOST and the port. Not that of several behind one',
    ),
  AGENT_NAME: z
    .string()
    .regex(/^[\w.@+:-]{1,100}$/, 'use letters, digits and . @ + : - _')
    .optional()
    .describe('the name of a process of agents, stable over restarts; absent: its agents and the host'),
  EVENT_RETENTION_DAYS: days
    .default(30)
    .describe('how long the event log is kept, at least; what a consumer has not read is kept longer'),
  SAGA_RETENTION_DAYS: days.default(30).describe('how long ended sagas are kept'),
  DECISION_RETENTION_DAYS: days.default(90).describe('how long records of decisions are kept'),
  ACCESS_TOKEN_SECONDS: value.whole(1, DAY).default(900).describe('how long an access token is good'),
  TRUSTED_PROXIES: value
    .whole(0, 10)
    .default(0)
    .describe('how many proxies stand before the gateway: so many entries of x-forwarded-for are believed'),
  INTROSPECTION: z
    .enum(['on', 'off'])
    .optional()
    .describe('whether the schema may be asked for, and errors suggest names; absent: on, and off in production'),
  OPERATIONS: z
    .enum(['any', 'trusted'])
    .default('any')
    .describe('trusted: only documents of schema/operations/ are executed, by whomever'),
  PERSISTED_QUERIES: z
    .enum(['on', 'off'])
    .default('off')
    .describe('whether clients may store documents and send their hashes instead (automatic persisted queries)'),
  CORS_ORIGINS: value.origins
    .optional()
    .describe('whose pages may use the API: origins, with commas between, or *; absent: all, and none in production'),
  BODY_LIMIT_BYTES: value.whole(1024, 104_857_600).default(1_048_576).describe('the largest body of a request'),
  OPERATION_TOKENS: value
    .whole(100, 40_000)
    .default(4000)
    .describe('the most tokens of a document; of characters, 16 for each'),
  OPERATION_FIELDS: value
    .whole(50, 10_000)
    .default(1000)
    .describe('the most fields of an operation, its fragments written out'),
  OPERATION_DEPTH: value.whole(5, 50).default(20).describe('the most fields within one another, fragments written out'),
  COST_BUDGETS: tiers
    .default('10000/20000/40000')
    .describe('what one operation may cost, for who is not signed in / is signed in / is staff'),
  REQUEST_LIMITS: tiers
    .default('3000/6000/12000')
    .describe('requests in a minute, of an address that is not signed in / of a user / of staff'),
  MUTATION_LIMITS: tiers.default('300/600/1200').describe('mutations in a minute, likewise'),
  SIGN_IN_LIMITS: value
    .numbers(2, '60/10')
    .default('60/10')
    .describe('sign-ins, sign-ups and the like in a minute from an address: all / for one account'),
  REQUEST_SECONDS: value
    .whole(1, 3600)
    .default(30)
    .describe('how long a request may take to arrive at the gateway, to the last byte of its body'),
  REQUESTS_PER_ADDRESS: value.whole(1, 1_000_000).default(1000).describe('requests under way at once from one address'),
  SOCKETS_PER_ADDRESS: value
    .whole(1, 1_000_000)
    .default(1000)
    .describe('WebSockets, and subscriptions by server-sent events, open from one address'),
  SUBSCRIPTIONS_PER_SOCKET: value.whole(1, 10_000).default(200).describe('operations open on a WebSocket'),
  DEMO_DATA: z
    .enum(['on', 'off'])
    .optional()
    .describe(
      'whether demo data may be loaded, and the password of its accounts, which everybody knows, opens them; absent: on, and off in production',
    ),
  PAYMENT_SIMULATOR: z
    .enum(['on', 'off'])
    .optional()
    .describe(
      'whether orders may be paid by the simulated provider, which moves no money (tok_ok and its siblings); absent: on, and off in production',
    ),
});

/** The validated configuration. */
export type Config = z.infer<typeof configSchema>;

/** The platform's variables with those of these rooms. @throws Error for a variable with a wrong or taken name */
export function schemaWith(rooms: readonly RoomVariables[]): z.ZodObject {
  checkVariables(rooms, Object.keys(configSchema.shape));
  return rooms.reduce<z.ZodObject>((schema, { config }) => schema.extend(config?.shape ?? {}), configSchema);
}

/**
 * Reads the configuration: the platform's, and that of the rooms that run in this process, each of which finds its own
 * in its `AgentContext`. Empty variables count as absent. @throws Error that names every invalid variable
 */
export function readConfig(
  environment: Record<string, string | undefined>,
  rooms: readonly RoomVariables[] = [],
): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schemaWith(rooms).safeParse(given);
  if (parsed.success) return parsed.data as Config;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(
    `The configuration does not fit:\n${problems.join('\n')}\nSee .env.example for what each variable means.`,
  );
}

/**
 * The database URLs of single agents, by name: `DATABASE_URL_ORDER` is order's.
 * @throws Error for an invalid URL, or a name that is no agent's
 */
export function agentDatabases(
  environment: Record<string, string | undefined>,
  names: readonly string[],
): ReadonlyMap<string, string> {
  const prefix = 'DATABASE_URL_';
  const given = Object.entries(environment).filter(([variable, value]) => variable.startsWith(prefix) && value);
  return new Map(
    given.map(([variable, address]) => {
      const name = variable.slice(prefix.length).toLowerCase();
      if (!names.includes(name)) throw new Error(`${variable}: there is no agent "${name}", only ${names.join(', ')}.`);
      const problem = value.problemOfPostgres(address!);
      if (problem) throw new Error(`${variable}: ${problem}.`);
      return [name, address!];
    }),
  );
}

/** The text of `.env.example`: every variable, the platform's first, with its description and default. */
export function envExample(rooms: readonly RoomVariables[]): string {
  const lines = [
    '# Every variable that Agora reads, with its default. All are optional. Generated by `npm run codegen`.',
    '# Agora reads them from the environment, and no file by itself: set -a; . ./.env; set +a; npm start',
    '',
  ];
  for (const [name, field] of Object.entries(schemaWith(rooms).shape)) {
    const fallback = (field as z.ZodType).safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? String(fallback.data) : '';
    lines.push(`# ${field.description}`, `# ${name}=${value}`, '');
  }
  return lines.join('\n');
}
