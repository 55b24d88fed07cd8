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

/** Result of fitting parts together. */
export interface Fit {
  /** Undefined if nothing new fits: the served graph stays. */
  supergraphSdl: string | undefined;
  /** The parts that it was composed from. */
  parts: Parts;
  refused: RefusedPart[];
}

/** Result of one composition. */
export type Attempt = { supergraphSdl: string } | { reason: string };

/**
 * Composes `wanted`, and checks that the gate can guard it. If it does not hold, the parts that do not fit are found by
 * bisection, and the others are taken, so that one agent's mistake costs nobody else anything. Where several changes
 * exclude one another, the first is taken.
 * @param compose @default a composition, and the gate that the gateway will make of it
 */
export function fit(served: Parts, wanted: Parts, compose: (parts: Parts) => Attempt = composeGuarded): Fit {
  const whole = compose(wanted);
  if ('supergraphSdl' in whole) return { ...whole, parts: wanted, refused: [] };
  const changed = Object.keys(wanted).filter((agent) => wanted[agent] !== served[agent]);
  /** Results by the changes that are in them, so that the same set is never composed twice. */
  const attempts = new Map<string, Attempt>([[changed.join(' '), whole]]);
  let parts = served;
  let supergraphSdl: string | undefined;
  let refused: RefusedPart[] = [];

  const attempt = (tried: Parts): Attempt => {
    const key = changed.filter((agent) => tried[agent] === wanted[agent]).join(' ');
    let result = attempts.get(key);
    if (!result) attempts.set(key, (result = compose(tried)));
    return result;
  };
  /** Takes those of these changes that fit upon the accepted parts. */
  const take = (agents: readonly string[]): void => {
    const tried = { ...parts, ...Object.fromEntries(agents.map((agent) => [agent, wanted[agent]!])) };
    const result = attempt(tried);
    if ('supergraphSdl' in result) {
      ({ supergraphSdl } = result);
      parts = tried;
    } else if (agents.length === 1) {
      refused.push({ agent: agents[0]!, reason: result.reason });
    } else {
      for (const some of split(agents, result.reason)) take(some);
    }
  };

  // Repeated as long as something fits: a change that does not fit alone may fit upon another.
  let waiting = changed;
  for (let before = -1; before !== waiting.length && waiting.length > 0; ) {
    before = waiting.length;
    refused = [];
    take(waiting);
    waiting = changed.filter((agent) => refused.some((part) => part.agent === agent));
  }
  return { supergraphSdl, parts, refused: waiting.map((agent) => refused.find((part) => part.agent === agent)!) };
}

/** Splits by the reason: the agents that it names come last; halves, where it names none of them, or all. */
function split(agents: readonly string[], reason: string): [string[], string[]] {
  const named = new Set([...reason.matchAll(/"(\w+)"|\[(\w+)\]/g)].map(([, quoted, bracketed]) => quoted ?? bracketed));
  const [others, suspects] = [agents.filter((agent) => !named.has(agent)), agents.filter((agent) => named.has(agent))];
  if (others.length > 0 && suspects.length > 0) return [others, suspects];
  const half = Math.ceil(agents.length / 2);
  return [agents.slice(0, half), agents.slice(half)];
}

/** Composes these parts, and makes the gate that the gateway will make. */
export function composeGuarded(parts: Parts): Attempt {
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
