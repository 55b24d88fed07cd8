import type { Secrets } from '../secrets/secrets.ts';

/** What the holder of a link may do: send the file's content once, or fetch it. */
export type FileAction = 'PUT' | 'GET';

/** What a link says. */
export interface LinkedFile {
  action: FileAction;
  id: string;
  expiresAt: Date;
}

/**
 * Links to files of one agent. The text is sealed (authenticated encryption, platform/secrets/secrets.ts) and names the
 * key that sealed it: nobody without our keys can make or change one, and a link outlives a rotation of the keys. The
 * agent verifies it, so it is good at every gateway.
 */
export function fileLinks(secrets: Secrets, agent: string, base = '') {
  const context = `file link of ${agent}`;
  return {
    /** The address of a link: under `base`, or as a path at the gateway. */
    urlOf: ({ action, id, expiresAt }: LinkedFile): string =>
      `${base}/files/${agent}/${secrets.seal([action, id, expiresAt.getTime()].join(' '), context)}`,

    /** What a link says; undefined if it is none of this agent's. It may have expired. */
    read(link: string): LinkedFile | undefined {
      try {
        const [action, id, expiresAt] = secrets.open(link, context).split(' ');
        return { action: action as FileAction, id: id!, expiresAt: new Date(Number(expiresAt)) };
      } catch {
        return undefined;
      }
    },
  };
}

/** The links of one agent. */
export type FileLinks = ReturnType<typeof fileLinks>;
