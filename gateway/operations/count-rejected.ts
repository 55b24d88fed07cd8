import { count } from '../../platform/telemetry/metrics.ts';
import { CLIENT_CODES } from './mask-error.ts';

/** A request came to no execution. Only codes that we know become a label. */
export const countRejected = (code: unknown): void =>
  count('agora_graphql_rejected_total', { code: CLIENT_CODES.has(String(code)) ? String(code) : 'OTHER' });
