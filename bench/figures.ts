/** Figures, and their display. */

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The median value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The range of the values: `80 to 95`. */
export const spread = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;

/** Prints a table in Markdown. */
export function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  console.log([`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n'));
}

/** Reports progress, apart from the results that are printed in the end. */
export const progress = (line: string): void => console.error(`  ${line}`);
