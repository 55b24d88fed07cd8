import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parse, print } from 'graphql';
import { graphiqlTabs } from '../../gateway/http/graphiql-tabs.ts';
import { documentId } from '../../gateway/limits/stored-documents.ts';
import type { Output } from './output.ts';

/** The manifests of trusted documents: the operations of each client in `examples/`, and of GraphiQL's tabs. */
export async function operationOutputs(): Promise<Output[]> {
  const outputs = [
    manifest(
      'graphiql',
      graphiqlTabs().map(({ query }) => query),
    ),
  ];
  for (const file of globSync('examples/*/gql/graphql.ts').sort()) {
    const exported = Object.values((await import(resolve(file))) as object);
    const texts = exported.filter((value) => value instanceof String).map(String);
    outputs.push(manifest(basename(resolve(file, '../..')), texts));
  }
  return outputs;
}

function manifest(client: string, texts: readonly string[]): Output {
  const entries = texts.map((text) => parse(text)).map((document) => [documentId(document), print(document)] as const);
  const sorted = entries.sort(([, a], [, b]) => (a < b ? -1 : 1));
  return {
    path: `schema/operations/${client}.json`,
    text: `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`,
  };
}
