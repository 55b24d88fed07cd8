import type { z } from 'zod';

/** The environment variables that a room reads, as its `agent.ts` declares them. */
export interface RoomVariables {
  name: string;
  /** Each with a description and a default, or optional; its name begins with the room's in capitals. */
  config?: z.ZodObject;
  /** Variables whose names do not begin so, each with the reason: a name that users know is kept. */
  configExceptions?: Readonly<Record<string, string>>;
}

/** Checks rooms' variables. @throws Error for one that is not named after its room, has no description, or is taken */
export function checkVariables(rooms: readonly RoomVariables[], ofPlatform: readonly string[]): void {
  const owners = new Map(ofPlatform.map((variable) => [variable, 'the platform']));
  for (const { name, config, configExceptions = {} } of rooms) {
    for (const [variable, field] of Object.entries(config?.shape ?? {})) {
      const owner = owners.get(variable);
      if (owner) throw new Error(`${variable} is declared by ${name} and by ${owner}: one of them must rename it.`);
      owners.set(variable, name);
      const prefix = `${name.toUpperCase()}_`;
      if (!variable.startsWith(prefix) && !configExceptions[variable])
        throw new Error(
          `${variable} of ${name} must begin with ${prefix}, or stand in its \`configExceptions\` with the reason.`,
        );
      if (!(field as z.ZodType).description) throw new Error(`${variable} of ${name} has no description.`);
    }
    const unknown = Object.keys(configExceptions).find((variable) => !config?.shape[variable]);
    if (unknown) throw new Error(`${unknown} is an exception of ${name}, which declares no such variable.`);
  }
}
