import { createSecureContext } from 'node:tls';
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { Fault } from '../errors.ts';
import type { Tls } from './create-listener.ts';

/** This process's certificate and key, if configured. @throws Fault TLS_DOES_NOT_FIT, which names the variable */
export function givenTls({ TLS_CERT, TLS_KEY }: Pick<Config, 'TLS_CERT' | 'TLS_KEY'>): Tls | undefined {
  if (!TLS_CERT && !TLS_KEY) return undefined;
  if (!TLS_CERT || !TLS_KEY)
    throw unfit(`${TLS_CERT ? 'TLS_KEY' : 'TLS_CERT'} must be given too: a certificate serves with its key only.`);
  const tls = { cert: read('TLS_CERT', TLS_CERT), key: read('TLS_KEY', TLS_KEY) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw unfit(`TLS_CERT and TLS_KEY do not fit: ${(error as Error).message}`, error);
  }
  return tls;
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unfit(`${variable} cannot be read: ${(error as Error).message}`, error);
  }
}

const unfit = (message: string, cause?: unknown): Fault => new Fault('TLS_DOES_NOT_FIT', message, { cause });

/** The URL scheme of a process with this configuration. */
export const schemeOf = ({ TLS_CERT }: Pick<Config, 'TLS_CERT'>): 'http' | 'https' => (TLS_CERT ? 'https' : 'http');
