import type { RevokedSessionsQueryVariables } from '../commands/identity.generated.ts';
import type { Revocations } from './revocations.ts';

/** Heeds all revocations since then, page by page: in a large shop a thousand sign out in minutes. */
export async function heedSince(
  revocations: Revocations,
  since: Date,
  page: (variables: RevokedSessionsQueryVariables) => Promise<readonly string[]>,
): Promise<void> {
  let after: string | undefined;
  do {
    const ids = await page({ since: since.toISOString(), after });
    for (const id of ids) revocations.revoke(id);
    after = ids.at(-1);
  } while (after !== undefined);
}
