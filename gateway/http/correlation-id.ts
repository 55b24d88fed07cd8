import { newId } from '../../platform/ids.ts';

const SANE = /^[A-Za-z0-9._-]{1,64}$/;

/** The header that carries the correlation id, in requests and answers. */
export const CORRELATION_HEADER = 'x-correlation-id';

/** The client's own correlation id if it is harmless to log, else a new one. */
export const correlationId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && SANE.test(given) ? given : newId('req');
