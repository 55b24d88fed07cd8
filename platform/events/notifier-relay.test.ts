/** A commit in one process wakes the readers of another. */
import { expect, test } from '@jest/globals';
import { openSmallAgent, smallFixture } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { LinkedRelay } from '../cluster/linked-relay.ts';
import { NotifyLink } from '../cluster/notify-link.ts';
import { silentLogger } from '../log.ts';

test('a commit wakes readers of its types in another process, and no others there', async () => {
  const small = await openSmallAgent();
  const links = [1, 2].map(() => new NotifyLink({ url: small.database.url, log: silentLogger }));
  const relays = links.map((link) => new LinkedRelay([link]));
  try {
    await Promise.all(links.map((link) => link.open()));
    const [here, there] = [await smallFixture(small.kysely, relays[0]), await smallFixture(small.kysely, relays[1])];
    const woken: string[] = [];
    for (const types of [['note.written'], ['note.read'], undefined]) {
      const waiter = there.notifier.listen(types);
      const hear = waiter.hear.bind(waiter);
      waiter.hear = (notified) => {
        hear(notified);
        woken.push(`${types?.join() ?? 'any'} by ${notified?.join() ?? 'any'}`);
      };
    }
    const reading = there.notifier.listen(['note.written']);
    await here.write('note_1');
    await until('it is notified there', () => woken.length >= 3);
    expect(woken).toEqual(['note.written by note.written', 'note.read by note.written', 'any by note.written']);
    await reading.idle(new AbortController().signal);
  } finally {
    await Promise.all(relays.map((relay) => relay.close()));
    await Promise.all(links.map((link) => link.close()));
    await small.database.drop();
  }
});
