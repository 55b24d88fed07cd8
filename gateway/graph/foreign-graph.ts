import { type ConstDirectiveNode, Kind, parse } from 'graphql';
import type { Transport } from '../../platform/wire/transport.ts';
import type { Graph } from './graph.ts';
import { plainSubgraph } from '../endpoints/plain-subgraph.ts';

/**
 * The graph of any supergraph, whose subgraphs are asked at the addresses that it names. Nothing in it is guarded: it
 * is for outside test suites. @throws Error if it names no subgraphs
 */
export function foreignGraph(supergraphSdl: string, transport: Transport): Graph {
  const services = servicesIn(supergraphSdl);
  if (services.length === 0) throw new Error('This is no supergraph: it has no `enum join__Graph` with subgraphs.');
  const endpoints = services.map(({ name, url }) => plainSubgraph(name, url, transport));
  return { supergraphSdl, endpoints, scalars: () => undefined, isUnguarded: true };
}

/** `enum join__Graph { A @join__graph(name: "a", url: "http://…") }`, https://specs.apollo.dev/join/v0.3/ */
function servicesIn(sdl: string): { name: string; url: string }[] {
  const graphs = parse(sdl, { noLocation: true }).definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return values.map(({ directives = [] }) => {
    const [directive] = directives;
    return { name: textIn(directive, 'name'), url: textIn(directive, 'url') };
  });
}

function textIn(directive: ConstDirectiveNode | undefined, name: string): string {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : '';
}
