/** A process that is killed between the last approval and the end of the execution: nothing is lost, nothing is done twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dyingNote, PLACES } from '../../tests/support/dying-note.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { FixedClock } from '../clock.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { approvalViolations } from './approval-violations.ts';
import { as, sendNote, smallApprovals } from './small-approvals.testing.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
  await small.database.pool.query('create table small.sent (id text not null)');
});
afterAll(() => small?.database.drop());

const CHILD = fileURLToPath(new URL('../../tests/support/approval-child.ts', import.meta.url));
const rows = async (text: string): Promise<any[]> => (await small.database.pool.query(text)).rows;

/** What has happened to a note when its process was gone: whether it was approved, written, sent. */
const LEFT: Record<(typeof PLACES)[number], object> = {
  approved: { status: 'APPROVED', outcomeId: null, notes: 0, sent: 0 },
  executing: { status: 'APPROVED', outcomeId: null, notes: 0, sent: 0 },
  executed: { status: 'APPROVED', outcomeId: 'note', notes: 1, sent: 0 },
  sent: { status: 'APPROVED', outcomeId: 'note', notes: 1, sent: 1 },
};

test('a kill at any place of the execution leaves one note, sent once', async () => {
  const clock = new FixedClock('2026-06-01T12:00:00Z');
  const command = dyingNote(small.kysely, sendNote);
  const approvals = smallApprovals(small.store, clock, [command]);
  const ids = await Promise.all(
    PLACES.map((place) =>
      approvals.ask('[{"when": "true", "approvers": "OPERATOR"}]', { id: place, command, key: place }),
    ),
  );
  const found = async (place: string, at: number) => {
    const { status, outcomeId } = (await approvals.load(as('VIEWER_1')).load(ids[at]!))!;
    return {
      status,
      outcomeId: outcomeId === place ? 'note' : outcomeId,
      notes: (await rows(`select from small.note where id = '${place}'`)).length,
      sent: (await rows(`select from small.sent where id = '${place}'`)).length,
    };
  };
  await Promise.all(
    PLACES.map(async (place, at) => {
      const command = dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url, ids[at]!, place]);
      const [, signal] = await once(spawn(...command, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
      expect(signal).toBe('SIGKILL');
      expect(await found(place, at)).toEqual(LEFT[place]);
    }),
  );
  clock.advance(11_000);
  for (let run = 0; run < 2; run++) await approvals.runJob('execute approved commands');
  for (const [at, place] of PLACES.entries())
    expect(await found(place, at)).toEqual({ status: 'EXECUTED', outcomeId: 'note', notes: 1, sent: 1 });
  expect(await rows('select distinct version from small.note')).toEqual([{ version: 1 }]);
  expect(await rows(`select from platform.event_log where type = 'small.approval_executed'`)).toHaveLength(
    PLACES.length,
  );
  expect(await approvalViolations(small.kysely, 'small')).toEqual([]);
});
