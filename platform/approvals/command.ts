import type { z } from 'zod';
import { hashOf } from '../data/idempotency.ts';
import type { CommandWork, Origin } from '../store/store.ts';

/** On whose behalf an approved command is executed: its requester, by the approval of others. */
export interface OnBehalf {
  approvalId: string;
  /** The id of the actor who asked for the command. */
  requestedBy: string;
}

/**
 * A command that may need approval. Its input is kept until it is decided, and shown to those who decide: it says all that
 * the command will do, such as the amount that was meant by "all that is left", and refers to persons by their ids alone.
 */
export interface ApprovableCommand<Input = any> {
  /** The name of its mutation. It stays the same while approvals of it are open. */
  readonly name: string;
  /** The schema of the input, which is JSON. A strict one, so that nothing is kept that it does not name. */
  readonly input: z.ZodType<Input>;
  /** The locks of the execution, taken in its first statement. */
  locks(input: Input): readonly string[];
  /**
   * Executes the command, in one transaction with the record that it was: so it happens once. Calls nothing outside.
   * @returns the id of what was made
   * @throws Refusal if the command has become impossible; then nothing is written, and the approval has failed
   */
  execute(work: CommandWork<any>, input: Input, by: OnBehalf): Promise<string>;
  /**
   * Finishes what `execute` has made by calls outside, such as of a payment provider. It may be called again, also at the
   * same time, until it returns or refuses, so the outside must know the call by the id.
   * @throws Refusal if the outside refuses; then the approval has failed
   */
  finish?(outcomeId: string, origin: Origin): Promise<void>;
}

/** The SHA-256 of a command, in base64url: of its name and its input, whatever the order of the fields. */
export const commandHash = (name: string, input: unknown): string => hashOf({ name, input });
