/**
 * Scheduled job that sends the mails that are due: each becomes a file in a folder, from where the mail sender of the
 * machine takes it. A failed mail is retried with backoff for as long as its token is good.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { ChangesOf } from '../../../platform/data/entity-table.ts';
import { makeFolder } from '../../../platform/folders.ts';
import { recoveryMail } from '../commands/identity.generated.ts';
import type { NotificationVariables } from '../config.ts';
import type { Tables } from '../entities.ts';
import { letterOf, messageOf } from './domain.ts';
import type { MailSchema } from './entities.ts';

type SendContext = Pick<
  AgentContext<Tables, NotificationVariables>,
  'store' | 'clock' | 'ask' | 'secrets' | 'config' | 'log'
>;

const BATCH = 50;
const FIRST_DELAY_MS = 5000;
const MOST_DELAY_MS = 300_000;

export const sendMails = (agentContext: SendContext): ScheduledJob => ({
  name: 'send-mails',
  everySeconds: 2,
  async run(signal) {
    const { store, clock, log } = agentContext;
    const now = clock.now();
    const due = await store.read
      .selectFrom('mail')
      .select(['id', 'recoveryId', 'attempts'])
      .where('nextAt', '<=', now)
      .orderBy('nextAt')
      .limit(BATCH)
      .execute();
    for (const { id, recoveryId, attempts } of due) {
      if (signal.aborted) return;
      try {
        const outcome = (await send(agentContext, id, recoveryId)) ? 'SENT' : 'DROPPED';
        await update(agentContext, id, { outcome, nextAt: null });
      } catch (error) {
        const delay = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts);
        log.warn({ err: error, mail: id, attempts: attempts + 1 }, 'a mail could not be sent, and will be tried again');
        await update(agentContext, id, { attempts: attempts + 1, nextAt: new Date(now.getTime() + delay) });
      }
    }
  },
});

/** Returns false if there is nothing to send: the token was used or has expired, or no account has the address. */
async function send({ ask, secrets, config, clock }: SendContext, id: string, recoveryId: string): Promise<boolean> {
  const { recoveryMail: mail } = await ask(recoveryMail, { id: recoveryId });
  if (!mail) return false;
  const token = secrets.open(mail.sealedToken, `recovery:${recoveryId}`);
  const { purpose, name, email } = mail;
  const facts = { purpose, name, token, expiresAt: new Date(mail.expiresAt), page: config.RECOVERY_URL };
  await put(config.MAIL_DIR ?? join(config.AGORA_DATA, 'mail'), id, messageOf(letterOf(facts), email, id, clock.now()));
  return true;
}

/** Writes a file atomically: a sender that takes files ending in `.eml` never sees a half. */
async function put(folder: string, name: string, message: string): Promise<void> {
  makeFolder(folder, 0o700);
  const path = join(folder, `${name}.eml`);
  await writeFile(`${path}.new`, message, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

const update = ({ store }: SendContext, id: string, change: ChangesOf<typeof MailSchema>) =>
  store.write({ locks: [id], origin: {} }, ({ sql }) =>
    sql.updateTable('mail').set(change).where('id', '=', id).execute(),
  );
