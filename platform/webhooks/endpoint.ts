import type { z } from 'zod';
import type { Work } from '../store/store.ts';
import type { WebhookSecrets } from './secrets.ts';

/** A place where somebody outside tells an agent what happened: `POST /webhooks/<agent>/<name>`. */
export interface WebhookEndpoint<Body = any, DB = any> {
  /** Of who sends: `simulator`. One lower-case word. */
  name: string;
  /** Shared with the sender. Without any the endpoint is not connected, and answers as if it was not there. */
  secrets: WebhookSecrets | undefined;
  /** What is taken from the body, no more: a tolerant reader. */
  reads: z.ZodType<Body>;
  /** What to lock for it: the aggregates of which the handler publishes events. Throws to have it tried again. */
  locks(body: Body): Promise<readonly string[]>;
  /** Applies it through `work` and nothing else. Throws to have it tried again. */
  handle(work: Work<DB>, body: Body): Promise<void>;
  /** Told after the commit, in the process that handled it. */
  onHandled?(body: Body): void;
}

/** Defines an endpoint, so that the compiler knows its body. */
export const onWebhook = <Body, DB>(endpoint: WebhookEndpoint<Body, DB>): WebhookEndpoint => endpoint;
