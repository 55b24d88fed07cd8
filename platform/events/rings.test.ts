/** A commit in one process wakes the readers of another. */
import { expect, test } from '@jest/globals';
import { openSmallAgent, smallGround } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { CarriedRings } from '../cluster/carried-rings.ts';
import { NotifyLink } from '../cluster/notify-link.ts';
import { silentLogger } from '../log.ts';

test('a commit wakes who reads its types in another process, and nobody else there', async () => {
  const small = await openSmallAgent();
  const links = [1, 2].map(() => new NotifyLink({ url: small.database.url, log: silentLogger }));
  const rings = links.map((link) => new CarriedRings([link]));
  try {
    await Promise.all(links.map((link) => link.open()));
    const [here, there] = [await smallGround(small.kysely, rings[0]), await smallGround(small.kysely, rings[1])];
    const woken: string[] = [];
    for (const types of [['note.written'], ['note.read'], undefined]) {
      const ear = there.bell.listen(types);
      const hear = ear.hear.bind(ear);
      ear.hear = (rung) => {
        hear(rung);
        woken.push(`${types?.join() ?? 'any'} by ${rung?.join() ?? 'any'}`);
      };
    }
    const reading = there.bell.listen(['note.written']);
    await here.write('note_1');
    await until('it rings there', () => woken.length >= 3);
    expect(woken).toEqual(['note.written by note.written', 'note.read by note.written', 'any by note.written']);
    await reading.idle(new AbortController().signal);
  } finally {
    await Promise.all(rings.map((ring) => ring.close()));
    await Promise.all(links.map((link) => link.close()));
    await small.database.drop();
  }
});
