import { type Logger as Pino, pino } from 'pino';
import { redacted, scrubbed } from './telemetry/redact.ts';
import { traceFields } from './telemetry/tracing.ts';

/**
 * A structured logger: `log.info({ orderId }, 'placed')`. Fields first, then the message. Ids only, no personal data.
 *
 * Names are the same everywhere: `correlationId` (traces a request through gateway, agents, events and sagas), `agent`,
 * `actor` (an id), `operation` and `kind`, `saga` and `step`, `event` (an id), `type`, `consumer`, `durationMs` where
 * something ended, `err`.
 */
export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

/** The printed properties of an error; drivers keep whole connections in others. */
interface PrintedError {
  type: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: PrintedError;
}

/** Log lines go to standard error, so that standard output stays for people. */
const STANDARD_ERROR = 2;

/**
 * Creates the process's logger: JSON lines. Secrets and personal data that are logged by mistake are redacted
 * (`telemetry/redact.ts`).
 * @param trace fields of the current trace, for every line
 */
export const createLogger = (
  level: string,
  {
    to = pino.destination(STANDARD_ERROR),
    trace = traceFields,
  }: { to?: { write(line: string): void }; trace?: () => object } = {},
): Logger => {
  const logger = pino(
    {
      level,
      base: undefined,
      serializers: { err: (error: unknown) => print(error) },
      formatters: { log: redacted },
      mixin: trace,
      hooks: {
        logMethod(given, method) {
          method.apply(this, given.map((part) => (typeof part === 'string' ? scrubbed(part) : part)) as typeof given);
        },
      },
    },
    to,
  );
  // pino does not apply the parent's formatter to a child's bindings; children inherit this override.
  const child = logger.child;
  logger.child = function (this: Pino, bindings: Record<string, unknown>) {
    return child.call(this, redacted(bindings));
  } as typeof child;
  return logger;
};

/** A logger without output, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });

function print(error: unknown, depth = 0): PrintedError {
  if (!(error instanceof Error)) return { type: typeof error, message: scrubbed(String(error)) };
  const { name: type, message, stack, cause } = error;
  const printed: PrintedError = { type, message: scrubbed(message), stack: stack && scrubbed(stack) };
  if ('code' in error) printed.code = error.code;
  if (cause !== undefined && depth < 4) printed.cause = print(cause, depth + 1);
  return printed;
}
