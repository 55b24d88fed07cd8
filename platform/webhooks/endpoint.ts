import type { z } from 'zod';
import type { CommandWork } from '../store/store.ts';
import type { WebhookSecrets } from './secrets.ts';

/** An endpoint for webhooks of an outside sender: `POST /webhooks/<agent>/<name>`. */
export interface WebhookEndpoint<Body = any, DB = any> {
  /** Name of the sender, one lower-case word: `simulator`. */
  name: string;
  /** Secrets shared with the sender. Without any the endpoint is not connected, and answers as if it was not there. */
  secrets: WebhookSecrets | undefined;
  /** The fields of the body that are used, and no more: a tolerant reader. */
  reads: z.ZodType<Body>;
  /** The aggregates to lock: those of which the handler publishes events. Throws to have it retried. */
  locks(body: Body): Promise<readonly string[]>;
  /** Applies the delivery through `work` and nothing else. Throws to have it retried. */
  handle(work: CommandWork<DB>, body: Body): Promise<void>;
  /** Called after the commit, in the process that handled the delivery. */
  onHandled?(body: Body): void;
}

/** Defines an endpoint, so that the compiler knows its body. */
export const onWebhook = <Body, DB>(endpoint: WebhookEndpoint<Body, DB>): WebhookEndpoint => endpoint;
