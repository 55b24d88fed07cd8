/** The verdict on a content: what was found in it, as the scanner calls it; undefined for nothing. */
export type Finding = string | undefined;

/** Looks for viruses. */
export interface FileScanner {
  /** Scans a content. @throws Fault SCANNER_FAILED if there is no verdict: the file then stays unscanned */
  scan(content: AsyncIterable<Uint8Array>): Promise<Finding>;
}
