import { expect, test } from '@jest/globals';
import type { Graph } from './graph.ts';
import { endpointWith } from './endpoint-with.ts';

test('the text of a graph is searched once for a field, and not at all for an agent that is not there', () => {
  let searches = 0;
  const graph = {
    endpoints: [{ name: 'product' }, { name: 'order' }],
    get supergraphSdl() {
      searches++;
      return 'type Mutation { transferProductFile(input: X): Y }';
    },
  } as unknown as Graph;
  for (let n = 0; n < 3; n++) {
    expect(endpointWith(graph, 'product', 'transferProductFile')).toBe(graph.endpoints[0]);
    expect(endpointWith(graph, 'order', 'transferOrderFile')).toBe(undefined);
    expect(endpointWith(graph, `nobody${n}`, `transferNobody${n}File`)).toBe(undefined);
  }
  expect(searches).toBe(2);
});
