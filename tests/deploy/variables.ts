/** The variables that a deployment may set. */
import { schemaWith } from '../../platform/config/config.ts';
import { fileOf, isSecret } from '../../platform/config/secret-files.ts';
import { loadAgents } from '../../subgraphs/index.ts';

const { shape } = schemaWith(await loadAgents());

/** The names of all variables that Agora reads, and of the files that secrets may be given by. */
export const variables: readonly string[] = Object.keys(shape).flatMap((name) =>
  isSecret(shape[name]) ? [name, fileOf(name)] : [name],
);
