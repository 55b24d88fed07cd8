import { LruCache } from '../lru-cache.ts';

/** LRU limits: number of texts and their characters, though a parsed document takes many times as much memory. */
const MOST = { entries: 1024, weight: 1_000_000 };

/** Yoga's interface of a cache by a document's text. */
interface ByText<Value> {
  get(text: string): Value | undefined;
  set(text: string, value: Value): void;
}

function byText<Value>(): ByText<Value> {
  const kept = new LruCache<Value>(MOST);
  return { get: (text) => kept.get(text), set: (text, value) => kept.set(text, value, text.length) };
}

/** Caches for yoga's `parserAndValidationCache`: its own count documents, and so keep a gigabyte of large ones. */
export const documentCaches = <Document, Failure>(): {
  documentCache: ByText<Document>;
  errorCache: ByText<Failure>;
} => ({ documentCache: byText(), errorCache: byText() });
