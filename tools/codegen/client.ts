import { globSync } from 'node:fs';
import { generate } from '@graphql-codegen/cli';
import type { Output } from './output.ts';
import { SERIALISED } from './scalars.ts';

const CLIENTS = 'examples';

/**
 * The typed documents of the clients in `examples/`, each of which has them in its `gql/`: for any client's own build,
 * this is the configuration to copy.
 */
export async function clientOutputs(apiSdl: string): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const directory of globSync(`${CLIENTS}/*/`).sort()) {
    const documents = globSync(`${directory}/**/*.ts`, { exclude: [`${directory}/gql/**`] });
    if (documents.length === 0) continue;
    const files = await generate(
      {
        schema: apiSdl,
        documents,
        silent: true,
        errorsOnly: true,
        generates: {
          [`${directory}/gql/`]: {
            preset: 'client',
            presetConfig: { fragmentMasking: false },
            config: { documentMode: 'string', enumsAsTypes: true, useTypeImports: true, scalars: SERIALISED },
          },
        },
        importExtension: '.ts',
      } as Parameters<typeof generate>[0],
      false,
    );
    outputs.push(
      ...files.map(({ filename, content }: { filename: string; content: string }) => ({
        path: filename,
        text: content,
      })),
    );
  }
  return outputs;
}
