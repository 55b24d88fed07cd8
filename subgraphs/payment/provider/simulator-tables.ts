import type { ColumnType } from 'kysely';
import type { ProviderStatus } from './provider.ts';

type WithDefault<T> = ColumnType<T, T | undefined, T>;

/** The simulator's books, as SQL sees them. (An alias, because Kysely asks for an index signature.) */
export type SimulatorTables = {
  simulator_payment: {
    reference: string;
    token: string;
    amount_minor: bigint;
    currency: string | null;
    status: ProviderStatus;
    captured_minor: WithDefault<bigint>;
    refunded_minor: WithDefault<bigint>;
    refusal: string | null;
    action_expires_at: Date | null;
    created_at: Date;
  };
  simulator_entry: {
    reference: string;
    kind: 'AUTHORISE' | 'CAPTURE' | 'VOID' | 'REFUND';
    key: WithDefault<string>;
    amount_minor: bigint;
    at: Date;
  };
  simulator_webhook: {
    id: string;
    body: string;
    attempts: WithDefault<number>;
    /** Null: given up. */
    next_at: Date | null;
    error: WithDefault<string | null>;
  };
  simulator_gone: { url: string; at: Date };
};
