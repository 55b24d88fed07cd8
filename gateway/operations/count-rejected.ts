import { count } from '../../platform/telemetry/metrics.ts';
import { CLIENT_CODES } from './mask-error.ts';

/** Counts a request that was not executed. Only codes that we know become a label. */
export const countRejected = (code: unknown): void =>
  count('agora_graphql_rejected_total', { code: CLIENT_CODES.has(String(code)) ? String(code) : 'OTHER' });
