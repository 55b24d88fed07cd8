import type { ColumnType, Generated } from 'kysely';

/** Where a delivery is: to be handled, handled, or given up until an operator has it tried again. */
export type WebhookStatus = 'WAITING' | 'HANDLED' | 'FAILED';

/** The inbox, as SQL sees it. (An alias, because Kysely asks for an index signature.) */
export type InboxTables = {
  webhook_delivery: {
    id: string;
    endpoint: string;
    webhook_id: string;
    received_at: Date;
    status: WebhookStatus;
    attempts: Generated<number>;
    next_at: Date;
    handled_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
    error: ColumnType<string | null, string | null | undefined, string | null>;
    /** Sealed for the delivery's id. */
    body: string | null;
  };
};
