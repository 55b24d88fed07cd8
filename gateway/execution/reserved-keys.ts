/**
 * The planner 2.14.4 asks agents for keys and for what `@requires` names, under the fields' own names, beside the
 * client's selection, and does not keep the two apart: `{ parcels { id: label } }` is answered with the id, and `{
 * parcels { weight(unit: "g") postage } }` computes the postage of grams. So a client's field with such a response key,
 * but another meaning, is asked for under an alias, and has its name back in the answer.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  Kind,
  parse,
  type StringValueNode,
  visit,
} from 'graphql';
import { ANCHOR } from './typename-anchor.ts';
import { CURSOR } from './with-cursor.ts';
import { REFERENCE } from './references.ts';

/** Prefix of those aliases. If a client's names begin with it, a longer one is taken. */
const PREFIX = '__asked_';

/** Response keys under which the gateway itself asks for something, beside the client's selection. */
const OURS = [ANCHOR, CURSOR, REFERENCE];

/** The reserved response keys of one supergraph: names under which agents are asked. */
export class ReservedKeys {
  /** Whether the field is asked for with arguments anywhere: then it is not what a client's field without any means. */
  readonly #taken: ReadonlyMap<string, { hasArguments: boolean }>;
  readonly #apart = new WeakMap<DocumentNode, DocumentNode>();
  readonly #prefixes = new WeakMap<DocumentNode, string>();

  /** @param supergraph as composed: https://specs.apollo.dev/join/v0.3/ */
  constructor(supergraph: DocumentNode) {
    this.#taken = takenIn(supergraph);
  }

  /** The document to plan and to execute: mostly the client's own. A rewritten one stays as it is. */
  apart(document: DocumentNode): DocumentNode {
    const known = this.#apart.get(document);
    if (known) return known;
    const prefix = unusedPrefix(document);
    const changed = visit(document, {
      Field: (node) => (this.#isInTheWay(node) ? { ...node, alias: named(prefix + keyOf(node)) } : undefined),
    });
    this.#apart.set(document, changed);
    this.#apart.set(changed, changed);
    if (changed !== document) this.#prefixes.set(changed, prefix);
    return changed;
  }

  /** The answer to a rewritten document, as the client asked. */
  answer(document: DocumentNode, result: ExecutionResult): ExecutionResult {
    const prefix = this.#prefixes.get(document);
    if (prefix === undefined) return result;
    const { data, errors, ...rest } = result;
    for (const error of errors ?? []) {
      const path = error.path?.map((key) => (typeof key === 'string' ? withoutPrefix(prefix, key) : key));
      if (path) Object.assign(error, { path });
    }
    return { ...rest, ...(errors && { errors }), data: withNames(prefix, data) as ExecutionResult['data'] };
  }

  #isInTheWay(node: FieldNode): boolean {
    const taken = this.#taken.get(keyOf(node));
    if (!taken) return false;
    return taken.hasArguments || keyOf(node) !== node.name.value || Boolean(node.arguments?.length);
  }
}

function takenIn(supergraph: DocumentNode): Map<string, { hasArguments: boolean }> {
  const taken = new Map(['__typename', ...OURS].map((name) => [name, { hasArguments: false }]));
  const take = (node: FieldNode): void => {
    const known = taken.get(node.name.value);
    taken.set(node.name.value, { hasArguments: Boolean(known?.hasArguments || node.arguments?.length) });
  };
  visit(supergraph, {
    Directive: ({ name, arguments: given = [] }) => {
      const argument = { join__type: 'key', join__field: 'requires' }[name.value];
      const fields = given.find((one) => one.name.value === argument)?.value as StringValueNode | undefined;
      if (fields) visit(parse(`{ ${fields.value} }`, { noLocation: true }), { Field: take });
    },
  });
  return taken;
}

const keyOf = (node: FieldNode): string => (node.alias ?? node.name).value;

const named = (value: string) => ({ kind: Kind.NAME as const, value });

function unusedPrefix(document: DocumentNode): string {
  const keys: string[] = [];
  visit(document, { Field: (node) => void keys.push(keyOf(node)) });
  let prefix = PREFIX;
  while (keys.some((key) => key.startsWith(prefix))) prefix = `_${prefix}`;
  return prefix;
}

const withoutPrefix = (prefix: string, key: string): string =>
  key.startsWith(prefix) ? key.slice(prefix.length) : key;

function withNames(prefix: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withNames(prefix, one));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [withoutPrefix(prefix, key), withNames(prefix, one)]);
  return Object.fromEntries(entries);
}
