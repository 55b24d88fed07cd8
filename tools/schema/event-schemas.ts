import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { agentEvents } from '../../platform/agent/registry.ts';
import type { EventDefinition } from '../../platform/events/define-event.ts';
import type { Output } from '../codegen/output.ts';

const DIRECTORY = 'schema/events';

/**
 * The JSON Schema of every event that an agent emits, a file each; and the files of events that none emits, to remove.
 */
export function eventOutputs(agents: readonly AgentDefinition[]): Output[] {
  const outputs = new Map<string, Output>();
  const emitted = [
    ...agents.flatMap(({ name, emits }) =>
      emits.filter((event) => !agentEvents.includes(event)).map((event) => ({ agent: name, event })),
    ),
    ...agentEvents.map((event) => ({ agent: 'every agent', event })),
  ];
  for (const { agent, event } of emitted) {
    const path = join(DIRECTORY, `${event.type}.json`);
    if (outputs.has(path))
      throw new Error(
        `${agent} emits ${event.type}, which is emitted already: an event has one sender, so give it another type.`,
      );
    outputs.set(path, { path, text: `${JSON.stringify(schemaOf(agent, event), null, 2)}\n` });
  }
  const retired = listed()
    .filter((path) => !outputs.has(path))
    .map((path) => ({ path, text: undefined }));
  return [...outputs.values(), ...retired].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function schemaOf(agent: string, event: EventDefinition): object {
  try {
    const { $schema, ...payload } = z.toJSONSchema(event.payload, { override: open });
    return {
      $schema,
      title: event.type,
      description: event.description,
      'x-agent': agent,
      'x-aggregate': event.aggregate,
      ...payload,
    };
  } catch (error) {
    throw new Error(
      `${event.type} of ${agent}: its payload has no JSON Schema. Use what JSON has: text for dates and big numbers.`,
      { cause: error },
    );
  }
}

/** Leaves every object open: readers are tolerant, and a sender may add fields. */
function open({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

function listed(): string[] {
  try {
    return readdirSync(DIRECTORY)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(DIRECTORY, name));
  } catch {
    return []; // Before the first time.
  }
}
