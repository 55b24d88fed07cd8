/** Composes what fits together: an agent whose part does not fit keeps the part that it had. */
import { parse } from 'graphql';
import { createGate } from '../../platform/gate/gate.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import { Supergraph } from '../execution/apollo.ts';
import { composeSupergraph } from './compose.ts';

/** The SDL of each agent, by name. */
export type Parts = Readonly<Record<string, string>>;

/** An agent's part that does not fit. */
export interface RefusedPart {
  agent: string;
  /** Every reason, a line each. */
  reason: string;
}

/** What came of it. */
export interface Fit {
  /** Undefined if nothing new fits: then what is served stays. */
  supergraphSdl: string | undefined;
  /** What it was composed from. */
  parts: Parts;
  refused: RefusedPart[];
}

/**
 * Composes `wanted`, and checks that the gate can guard it. If it does not hold, each change is tried alone upon what is
 * served, so that one agent's mistake costs nobody else anything.
 */
export function fit(served: Parts, wanted: Parts): Fit {
  const whole = attempt(wanted);
  if ('supergraphSdl' in whole) return { supergraphSdl: whole.supergraphSdl, parts: wanted, refused: [] };
  let parts = served;
  let supergraphSdl: string | undefined;
  let waiting = Object.keys(wanted).filter((agent) => wanted[agent] !== served[agent]);
  let refused: RefusedPart[] = [];
  // Again as long as something fits: what does not fit alone may fit upon what does.
  for (let before = -1; before !== waiting.length && waiting.length > 0; ) {
    before = waiting.length;
    refused = [];
    for (const agent of waiting) {
      const tried = { ...parts, [agent]: wanted[agent]! };
      const result = attempt(tried);
      if ('supergraphSdl' in result) ({ supergraphSdl, parts } = { ...result, parts: tried });
      else refused.push({ agent, reason: result.reason });
    }
    waiting = refused.map(({ agent }) => agent);
  }
  return { supergraphSdl, parts, refused };
}

function attempt(parts: Parts): { supergraphSdl: string } | { reason: string } {
  try {
    const subgraphs = Object.entries(parts).map(([name, sdl]) => ({
      name,
      typeDefs: parse(sdl, { noLocation: true }),
    }));
    const { supergraphSdl } = composeSupergraph(subgraphs.sort((a, b) => (a.name < b.name ? -1 : 1)));
    requireGuarded(supergraphSdl);
    return { supergraphSdl };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Makes the gate that the gateway will make. @throws Error if a coordinate has no decision, or one that does not hold */
function requireGuarded(supergraphSdl: string): void {
  const { executionSdl, decisions } = splitSupergraph(supergraphSdl);
  const schema = Supergraph.build(executionSdl).apiSchema().toGraphQLJSSchema();
  createGate(schema, decisions, { policies: {}, onError() {} });
}
