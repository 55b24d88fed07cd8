/** Certificates of a test's own certificate authority, made by `openssl`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM files. */
export interface Certificate {
  /** The certificate for 127.0.0.1. */
  cert: string;
  key: string;
  /** The authority's file, for NODE_EXTRA_CA_CERTS, and its content. */
  caFile: string;
  ca: string;
  /** Deletes the files. */
  remove(): void;
}

/** Whether there is an `openssl`. */
export const hasOpenssl = (): boolean => spawnSync('openssl', ['version']).status === 0;

/** Makes an authority and a certificate signed by it. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'agora-tls-'));
  const at = (name: string): string => join(folder, name);
  const make = (name: string, ...more: string[]): void => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at(`${name}.key`)];
    const args = ['req', '-x509', ...key, '-out', at(`${name}.pem`), '-days', '2', ...more];
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  make('ca', '-subj', '/CN=Authority of a test');
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key')];
  make('own', '-subj', '/CN=agora', '-addext', 'subjectAltName=IP:127.0.0.1', ...signed);
  const caFile = at('ca.pem');
  return {
    cert: at('own.pem'),
    key: at('own.key'),
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
