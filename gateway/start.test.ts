import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'graphql';
import { LINKS } from '../platform/gate/compose.testing.ts';
import { createSubgraph } from '../platform/graphql/subgraph.ts';
import { startGateway } from './gateway.testing.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('starting a gateway', () => {
  test('opens no connection but to loopback: no package reports to its vendor', async () => {
    const hosts: string[] = [];
    const realConnect = net.Socket.prototype.connect;
    jest.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args: unknown[]) {
      // Node's own callers give [[options, callback]].
      const options = [args[0]].flat()[0] as { host?: string; path?: string };
      hosts.push(String(options.host ?? options.path));
      return realConnect.apply(this, args as never);
    } as never);
    const resolved: string[] = [];
    const realLookup = dns.lookup;
    jest.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
      resolved.push(name);
      return (realLookup as (...all: unknown[]) => void)(name, ...rest);
    }) as never);
    const datagrams = jest.spyOn(dgram.Socket.prototype, 'send');

    const it = await startGateway();
    const response = await it.post('{ order(id: "o1") { customer { name } } fault }');
    expect(((await response.json()) as { data: object }).data).toBeTruthy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await it.gateway.close();

    expect(hosts.length).toBeGreaterThan(0);
    expect(hosts.filter((host) => !/^(127\.0\.0\.1|localhost|::1)$/.test(host))).toEqual([]);
    expect(resolved.filter((name) => name !== 'localhost' && name !== '127.0.0.1')).toEqual([]);
    expect(datagrams).not.toHaveBeenCalled();
  });

  test('is refused when a coordinate has no decision, naming it', async () => {
    const forgotten = createSubgraph('a', parse(`${LINKS} type Query { a: Int @authenticated b: Int }`), {});
    await expect(startGateway({ subgraphs: [forgotten] })).rejects.toThrow(/No decision.*Query\.b/);
  });

  test('is refused when the supergraph names a subgraph that is not there', async () => {
    const { gateway } = await startGateway();
    await gateway.close();
    await expect(startGateway({ subgraphs: [], supergraphSdl: gateway.supergraphSdl })).rejects.toThrow(
      /which is not here/,
    );
  });
});
