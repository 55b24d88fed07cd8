import { type DocumentNode, type ParseOptions, parse, type Source } from 'graphql';
import type { DocumentLimits } from './limits.ts';
import { measureDocument } from './measure-document.ts';
import { requireTrusted, type StoredDocuments } from './stored-documents.ts';
import { scanDocument } from './scan-document.ts';

/**
 * The parser of a gateway: a document that is too large is refused before it costs much, by the same rules on every
 * transport. Callers cache the documents, so that each is measured once.
 */
export const parseWithin =
  (limits: DocumentLimits, documents?: StoredDocuments) =>
  (source: string | Source, options?: ParseOptions): DocumentNode => {
    scanDocument(typeof source === 'string' ? source : source.body, limits);
    const document = parse(source, options);
    measureDocument(document, limits);
    if (documents) requireTrusted(document, documents);
    return document;
  };
