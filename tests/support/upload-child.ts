/** A process that stores a content that never ends, until it is killed: `node upload-child.ts <folder> <key>`. */
import { diskStore } from '../../platform/files/disk-store.ts';

const [root, key] = process.argv.slice(2) as [string, string];

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.alloc(1000, '{');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

await diskStore(root).put(key, endless(), 1_000_000_000);
