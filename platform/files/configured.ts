/** The store and the scanner that the configuration names. */
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { Fault } from '../errors.ts';
import { clamdScanner } from './clamd-scanner.ts';
import { diskStore } from './disk-store.ts';
import type { FileScanner } from './file-scanner.ts';
import type { FileStore } from './file-store.ts';
import { s3Store } from './s3-store.ts';

/** The variables of the configuration that say where files are. */
export type StoreConfig = Pick<
  Config,
  'AGORA_DATA' | 'FILES_DIR' | 'FILES_S3_URL' | 'FILES_S3_REGION' | 'FILES_S3_KEY_ID' | 'FILES_S3_KEY'
>;

/** The folder of files, where they are on a disk. */
export const filesDirOf = ({ AGORA_DATA, FILES_DIR }: Pick<StoreConfig, 'AGORA_DATA' | 'FILES_DIR'>): string =>
  FILES_DIR ?? join(AGORA_DATA, 'files');

/** The store of files: a bucket if one is configured, else a folder. @throws Fault NOT_CONFIGURED */
export function configuredStore(config: StoreConfig): FileStore {
  const {
    FILES_S3_URL: url,
    FILES_S3_REGION: region,
    FILES_S3_KEY_ID: accessKeyId,
    FILES_S3_KEY: secretAccessKey,
  } = config;
  if (!url) return diskStore(filesDirOf(config));
  if (!accessKeyId || !secretAccessKey)
    throw new Fault(
      'NOT_CONFIGURED',
      'Give FILES_S3_KEY_ID and FILES_S3_KEY: the key that opens the bucket of FILES_S3_URL.',
    );
  return s3Store({ url, region, accessKeyId, secretAccessKey });
}

/** The virus scanner, if one is configured. */
export function configuredScanner({ FILES_CLAMAV }: Pick<Config, 'FILES_CLAMAV'>): FileScanner | undefined {
  if (!FILES_CLAMAV) return undefined;
  const { hostname, port } = new URL(`tcp://${FILES_CLAMAV}`);
  return clamdScanner({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
}
