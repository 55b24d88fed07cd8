/**
 * The configuration: one schema of the platform's variables and of those that rooms declare in their `agent.ts`, from
 * which `.env.example` is generated (`npm run codegen`). An invalid value stops the start with a message that names the
 * variable.
 */
import { z } from 'zod';
import { checkVariables, type RoomVariables } from './room-variables.ts';
import { type Environment, fileOf, isSecret, readSecretFiles, SECRET } from './secret-files.ts';
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
  FILES_DIR: z
    .string()
    .optional()
    .describe(
      'the folder of files (uploads, exports), the same for all processes; absent: the folder files in AGORA_DATA',
    ),
  FILES_S3_URL: value.base
    .optional()
    .describe(
      'a bucket that files are kept in instead, by the protocol of S3: https://s3.eu-central-1.amazonaws.com/my-files',
    ),
  FILES_S3_REGION: z
    .string()
    .default('us-east-1')
    .describe('the region of FILES_S3_URL, which requests are signed for'),
  FILES_S3_KEY_ID: z.string().optional().describe('the id of the access key of FILES_S3_URL'),
  FILES_S3_KEY: z.string().optional().describe('the secret access key of FILES_S3_URL').meta(SECRET),
  FILES_QUOTA_MIB: value
    .whole(1, 1_073_741_824)
    .default(4096)
    .describe(
      'how much the files of one owner (a merchant, a member of the staff) may take at each agent, in MiB; the largest export has 1024',
    ),
  FILES_CLAMAV: z
    .string()
    .regex(/^([\w.-]{1,253}|\[[\da-f:]{2,45}\]):\d{1,5}$/i, 'host:port')
    .optional()
    .describe('a ClamAV daemon (clamd) that scans uploads for viruses, host:port; absent: they are not scanned'),
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
    )
    .meta(SECRET),
  DATABASE_FALLBACK: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'whether the embedded PostgreSQL serves instead when DATABASE_URL is away at the start; never in production',
    ),
  DATABASE_STATEMENT_STATISTICS: z
    .enum(['on', 'off'])
    .default('off')
    .describe('whether the embedded PostgreSQL keeps figures of each statement; small ones take some 5 % longer'),
  DATABASE_DIRECT_URL: value.postgres
    .optional()
    .describe(
      'the same PostgreSQL past its connection pooler, for sagas, migrations, rings, and what outlives a transaction; absent: DATABASE_URL',
    )
    .meta(SECRET),
  DATABASE_REPLICA_URL: value.postgres
    .optional()
    .describe(
      'one hot standby of that PostgreSQL, which shoppers read the catalogue from while it is not five seconds behind; absent: all is read from the primary',
    )
    .meta(SECRET),
  DATABASE_ADMIN_URL: value.postgres
    .optional()
    .describe('a role that may make roles, for `npm run db:roles`; absent: DATABASE_URL. Not for running processes')
    .meta(SECRET),
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
    )
    .meta(SECRET),
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
    .describe('the bearer token that opens /metrics; absent: only this machine may read them')
    .meta(SECRET),
  TOKEN_KEY: value.tokenKey
    .optional()
    .describe(
      'keys of access tokens, `id:PEM` of Ed25519: the first signs and is private (PKCS#8), the others verify; one may have no id; generated into AGORA_DATA when absent',
    )
    .meta(SECRET),
  TOKEN_PUBLIC_KEY: value.tokenPublicKey
    .optional()
    .describe(
      'the public halves of TOKEN_KEY (SPKI PEM) with the same ids, all that a process without identity needs; absent: they are taken from TOKEN_KEY',
    )
    .meta(SECRET),
  DRAIN_SECONDS: value
    .whole(0, 600)
    .default(5)
    .describe(
      'how long a gateway of its own serves on after SIGTERM, not ready any more, so that load balancers notice',
    ),
  EVENT_KEYS: value.keys
    .optional()
    .describe('keys that sign events, `id:base64` of 32 bytes, the newest first; generated into AGORA_DATA when absent')
    .meta(SECRET),
  SECRET_KEYS: value.keys
    .optional()
    .describe(
      'keys that seal secrets, `id:base64` of 32 bytes, the newest first; generated into AGORA_DATA when absent',
    )
    .meta(SECRET),
  REQUEST_KEYS: value.keys
    .optional()
    .describe(
      'keys that sign requests between processes, `id:base64` of 32 bytes, the newest first; the same in all of them',
    )
    .meta(SECRET),
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
    .describe(
      'how long a request may take to arrive at the gateway, to the last byte of its body; uploads of files have a time by their length',
    ),
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
 * in its `AgentContext`. Empty variables count as absent; secrets may be given as files. @throws Error that names every
 * invalid variable
 */
export function readConfig(environment: Environment, rooms: readonly RoomVariables[] = []): Config {
  const schema = schemaWith(rooms);
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const files = readSecretFiles(environment, secretsOf(schema));
  const parsed = schema.safeParse({ ...given, ...files.values });
  const issues = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  const problems = [...files.problems, ...issues].map((problem) => `  ${problem}`);
  if (problems.length === 0) return parsed.data as Config;
  throw new Error(
    `The configuration does not fit:\n${problems.join('\n')}\nSee .env.example for what each variable means.`,
  );
}

/** The names of a schema's variables that may be given as files. */
const secretsOf = ({ shape }: z.ZodObject): string[] => Object.keys(shape).filter((name) => isSecret(shape[name]));

/**
 * The database URL of one agent, or of the gateways: `DATABASE_URL_ORDER`, or the file that `DATABASE_URL_ORDER_FILE`
 * names. @throws Error for an invalid URL, or a file that cannot be read
 */
export function agentDatabase(environment: Environment, name: string): string | undefined {
  const variable = variableOf(name);
  const { values, problems } = readSecretFiles(environment, [variable]);
  if (problems.length > 0) throw new Error(`${problems[0]}.`);
  const address = environment[variable] || values[variable];
  const problem = address ? value.problemOfPostgres(address) : undefined;
  if (problem) throw new Error(`${variable}: ${problem}.`);
  return address || undefined;
}

/**
 * The database URLs of single agents, by name.
 * @throws Error as `agentDatabase`, and for a name that is no agent's
 */
export function agentDatabases(environment: Environment, names: readonly string[]): ReadonlyMap<string, string> {
  const known = names.map(variableOf).flatMap((variable) => [variable, fileOf(variable)]);
  const strange = ofAgents(environment).find((variable) => !known.includes(variable));
  if (strange) {
    const name = strange.slice(OF_AGENTS.length).toLowerCase();
    throw new Error(`${strange}: there is no agent "${name}", only ${names.join(', ')}.`);
  }
  return new Map(
    names.flatMap((name) => {
      const address = agentDatabase(environment, name);
      return address ? [[name, address] as const] : [];
    }),
  );
}

/** Whether any agent has a database URL of its own. */
export const hasAgentDatabases = (environment: Environment): boolean => ofAgents(environment).length > 0;

const OF_AGENTS = 'DATABASE_URL_';
const variableOf = (agent: string): string => `${OF_AGENTS}${agent.toUpperCase()}`;

/** The variables of single agents' databases. The file of DATABASE_URL itself is none. */
const ofAgents = (environment: Environment): string[] =>
  Object.keys(environment).filter(
    (variable) => variable.startsWith(OF_AGENTS) && variable !== fileOf('DATABASE_URL') && environment[variable],
  );

/** The text of `.env.example`: every variable, the platform's first, with its description and default. */
export function envExample(rooms: readonly RoomVariables[]): string {
  const lines = [
    '# Every variable that Agora reads, with its default. All are optional. Generated by `npm run codegen`.',
    '# Agora reads them from the environment, and no file by itself: set -a; . ./.env; set +a; npm start',
    '# A secret may be given as NAME_FILE instead: the path of a file that holds it.',
    '',
  ];
  for (const [name, field] of Object.entries(schemaWith(rooms).shape)) {
    const fallback = (field as z.ZodType).safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? String(fallback.data) : '';
    lines.push(`# ${field.description}`, `# ${name}=${value}`, ...(isSecret(field) ? [`# ${fileOf(name)}=`] : []), '');
  }
  return lines.join('\n');
}
