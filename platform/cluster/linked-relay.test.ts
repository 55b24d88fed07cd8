import { expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { LinkedRelay, type Carrier } from './linked-relay.ts';
import { until } from '../../tests/support/until.ts';

/** A transport between the processes of this test, which can be cut. */
class Wire {
  isUp = true;
  /** Accepts messages without delivering them, as a hanging server does. */
  isRefusing = false;
  readonly sent: string[] = [];
  readonly #heard: ((message: string) => void)[] = [];
  readonly #changed: (() => void)[] = [];

  end(): Carrier {
    const isUp = (): boolean => this.isUp;
    return {
      get isUp() {
        return isUp();
      },
      send: async (message) => {
        if (this.isRefusing) return false;
        this.sent.push(message);
        for (const hear of this.#heard) hear(message);
        return true;
      },
      hear: (listener) => void this.#heard.push(listener),
      onChange: (listener) => void this.#changed.push(listener),
    };
  }

  turn(isUp: boolean): void {
    this.isUp = isUp;
    for (const listener of this.#changed) listener();
  }
}

/** Two processes on the same wires. */
function two(...wires: Wire[]) {
  const [here, there] = [1, 2].map(() => new LinkedRelay(wires.map((wire) => wire.end()))) as [
    LinkedRelay,
    LinkedRelay,
  ];
  const heard: (readonly string[] | undefined)[] = [];
  const echoed: unknown[] = [];
  there.onNotify((types) => heard.push(types));
  here.onNotify((types) => echoed.push(types));
  return { here, there, heard, echoed };
}

test('a notification reaches the other processes with its types, and not its sender', async () => {
  const { here, there, heard, echoed } = two(new Wire());
  here.send(['order.placed']);
  here.send(['order.placed', 'inventory.changed']);
  await until(() => heard.length > 0);
  expect(heard).toEqual([['order.placed', 'inventory.changed']]);
  expect(echoed).toEqual([]);
  here.send();
  await until(() => heard.length > 1);
  expect(heard[1]).toBeUndefined();
  await Promise.all([here.close(), there.close()]);
});

test('many commits make few messages, and none of them is lost', async () => {
  const wire = new Wire();
  const { here, there, heard } = two(wire);
  for (let n = 0; n < 500; n++) {
    here.send([`type.${n}`]);
    if (n % 50 === 0) await wait(1);
  }
  const all = () => new Set(heard.flatMap((types) => types ?? []));
  await until(() => all().size === 500 || heard.includes(undefined));
  expect(wire.sent.length).toBeLessThan(100);
  await Promise.all([here.close(), there.close()]);
});

test('more types than fit into a NOTIFY are sent as any type', async () => {
  const wire = new Wire();
  const { here, there, heard } = two(wire);
  here.send(Array.from({ length: 1000 }, (_, n) => `a.type.with.a.name.${n}`));
  await until(() => heard.length > 0);
  expect(heard).toEqual([undefined]);
  expect(wire.sent[0]!.length).toBeLessThan(8000);
  await Promise.all([here.close(), there.close()]);
});

test('the next carrier is used when the first fails, and messages of all are received', async () => {
  const [first, second] = [new Wire(), new Wire()];
  const { here, there, heard } = two(first, second);
  first.isRefusing = true;
  here.send(['a']);
  await until(() => heard.length === 1);
  expect([first.sent.length, second.sent.length]).toEqual([0, 1]);
  first.isRefusing = false;
  here.send(['b']);
  await until(() => heard.length === 2);
  expect([first.sent.length, second.sent.length]).toEqual([1, 1]);
  await Promise.all([here.close(), there.close()]);
});

test('a relay without a carrier is disconnected without errors; the first one back notifies all readers', async () => {
  const wire = new Wire();
  const { here, there, heard } = two(wire);
  const told: boolean[] = [];
  there.onChange(() => told.push(there.isConnected));
  wire.turn(false);
  here.send(['lost']);
  await wait(30);
  expect(heard).toEqual([]);
  wire.turn(true);
  expect(heard).toEqual([undefined]);
  expect(told).toEqual([false, true]);
  await Promise.all([here.close(), there.close()]);
});

test('a message that is no notification is ignored', async () => {
  const wire = new Wire();
  const { here, there, heard } = two(wire);
  for (const nonsense of ['', 'x', '|', 'x|']) await wire.end().send(nonsense);
  expect(heard).toEqual([]);
  await Promise.all([here.close(), there.close()]);
});
