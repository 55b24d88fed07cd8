import { type Logger as Pino, pino } from 'pino';

/** A structured logger: `log.info({ orderId }, 'placed')`. Fields first, then what happened. Ids only, no personal data. */
export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

/** What must never be printed, at the top of a logged object or one level down. Do not log requests or inputs whole. */
const SECRETS = ['password', 'token', 'accessToken', 'refreshToken', 'authorization', 'secret', 'key'];

/** What of an error is printed: not its other properties, where drivers keep whole connections. */
interface PrintedError {
  type: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: PrintedError;
}

/** The process's logger: JSON lines on standard error, so that standard output stays for people. */
export const createLogger = (level: string): Logger =>
  pino(
    {
      level,
      base: undefined,
      serializers: { err: (error: unknown) => print(error) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    pino.destination(2),
  );

/** Says nothing. For tests. */
export const silentLogger: Logger = pino({ level: 'silent' });

function print(error: unknown, depth = 0): PrintedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name: type, message, stack, cause } = error;
  const printed: PrintedError = { type, message, stack };
  if ('code' in error) printed.code = error.code;
  if (cause !== undefined && depth < 4) printed.cause = print(cause, depth + 1);
  return printed;
}
