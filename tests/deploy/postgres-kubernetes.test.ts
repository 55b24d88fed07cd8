/** The manifests of the database's backups: each fits its kind's own schema, and what they name exists. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

const FOLDER = join(import.meta.dirname, '../../deploy/postgres');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const manifests = parseAllDocuments(read('backup.yaml')).map((document) => document.toJS());
const { resources, configMapGenerator } = parse(read('kustomization.yaml'));
const [{ name: scripts, files }] = configMapGenerator;

test.each(manifests.map((manifest) => [manifest.kind as string, manifest]))(
  'the %s fits the schema of its kind',
  async (kind, manifest) => {
    const { [kind]: Kind } = await import(`kubernetes-models/${manifest.apiVersion}/${kind}`);
    expect(() => new Kind(manifest).validate()).not.toThrow();
    expect(() => new Kind({ ...manifest, spec: 'none' }).validate()).toThrow('spec');
  },
);

test('the job runs a script that it mounts, on the claim that is made for it', () => {
  expect(resources).toEqual(['backup.yaml']);
  expect(files.filter((file: string) => !existsSync(join(FOLDER, file)))).toEqual([]);
  const { containers, volumes } = manifests.find(({ kind }) => kind === 'CronJob').spec.jobTemplate.spec.template.spec;
  const [{ command, volumeMounts, image }] = containers;
  const mounted = volumeMounts.find(({ name }: { name: string }) => name === 'scripts').mountPath;
  expect(files.map((file: string) => `${mounted}/${file}`)).toContain(command[1]);
  expect(volumes).toContainEqual({ name: 'scripts', configMap: { name: scripts } });
  const claim = manifests.find(({ kind }) => kind === 'PersistentVolumeClaim').metadata.name;
  expect(volumes).toContainEqual({ name: 'archive', persistentVolumeClaim: { claimName: claim } });
  // pg_basebackup has to be of the server's version, and its files are the server's user's.
  const { postgres } = parse(readFileSync(join(FOLDER, '../../docker-compose.yml'), 'utf8'), { merge: true }).services;
  expect(image).toBe(postgres.image);
});
