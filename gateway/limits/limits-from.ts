import type { Config } from '../../platform/config/config.ts';
import { type Limits, LIMITS } from './limits.ts';
import type { StoredDocuments } from './stored-documents.ts';
import type { ByTier } from './tier.ts';

/** The variables of the configuration that limit a gateway. */
export type LimitsConfig = Pick<
  Config,
  | 'NODE_ENV'
  | 'BODY_LIMIT_BYTES'
  | 'OPERATION_TOKENS'
  | 'OPERATION_FIELDS'
  | 'OPERATION_DEPTH'
  | 'COST_BUDGETS'
  | 'REQUEST_LIMITS'
  | 'MUTATION_LIMITS'
  | 'SIGN_IN_LIMITS'
  | 'REQUEST_SECONDS'
  | 'REQUESTS_PER_ADDRESS'
  | 'SOCKETS_PER_ADDRESS'
  | 'SUBSCRIPTIONS_PER_SOCKET'
  | 'CORS_ORIGINS'
  | 'INTROSPECTION'
  | 'OPERATIONS'
  | 'PERSISTED_QUERIES'
>;

/** Characters allowed for each token, which is more than names have: documents are mostly shorter. */
const CHARACTERS_PER_TOKEN = 16;

/** The limits that a configuration asks for. In production nothing is open that was not opened. */
export function limitsFrom(config: LimitsConfig, { trusted, cache }: Omit<StoredDocuments, 'trustedOnly'>): Limits {
  const isProduction = config.NODE_ENV === 'production';
  const [address, account] = numbersIn(config.SIGN_IN_LIMITS);
  return {
    ...LIMITS,
    document: {
      ...LIMITS.document,
      characters: config.OPERATION_TOKENS * CHARACTERS_PER_TOKEN,
      tokens: config.OPERATION_TOKENS,
      fields: config.OPERATION_FIELDS,
      depth: config.OPERATION_DEPTH,
    },
    bodyBytes: config.BODY_LIMIT_BYTES,
    costs: tiersIn(config.COST_BUDGETS),
    rates: {
      requests: tiersIn(config.REQUEST_LIMITS),
      mutations: tiersIn(config.MUTATION_LIMITS),
      signIns: { address: address!, account: account! },
    },
    requestTimeoutMs: config.REQUEST_SECONDS * 1000,
    requestsPerAddress: config.REQUESTS_PER_ADDRESS,
    streamsPerAddress: config.SOCKETS_PER_ADDRESS,
    subscriptionsPerSocket: config.SUBSCRIPTIONS_PER_SOCKET,
    documents: {
      trusted,
      trustedOnly: config.OPERATIONS === 'trusted',
      cache: config.PERSISTED_QUERIES === 'on' ? cache : undefined,
    },
    origins: originsIn(config.CORS_ORIGINS ?? (isProduction ? '' : '*')),
    introspection: (config.INTROSPECTION ?? (isProduction ? 'off' : 'on')) === 'on',
  };
}

const originsIn = (text: string): Limits['origins'] => (text === '*' ? '*' : text.split(/[\s,]+/).filter(Boolean));

function tiersIn(text: string): ByTier<number> {
  const [anonymous, signedIn, staff] = numbersIn(text);
  return { anonymous: anonymous!, signedIn: signedIn!, staff: staff! };
}

const numbersIn = (text: string): number[] => text.split('/').map(Number);
