/** The floors of the platform: its folders stand on one another, and none on one that stands on it. */
import { importsOf } from './imports.ts';
import { isTest, type Source } from './source.ts';

/**
 * Imports between folders of the platform that are part of a circle, or lead into one. Files at its top, such as
 * `errors.ts`, are the floor of all.
 */
export function circularFolders(source: Source): string[] {
  let links = importsOf(source)
    .filter(({ from, to, isRelative, isType }) => isRelative && !isType && !isTest(from) && !isTest(to))
    .flatMap((link) => {
      const [from, to] = [folderOf(link.from), folderOf(link.to)];
      return from && to && from !== to ? [{ from, to, told: `${link.from} imports ${link.to}` }] : [];
    });
  // A folder that imports none of those that are left is on no circle.
  for (let before = -1; before !== links.length; ) {
    before = links.length;
    const importing = new Set(links.map(({ from }) => from));
    links = links.filter(({ to }) => importing.has(to));
  }
  return links.map(({ told }) => `${told}: the folders of the platform form a circle`);
}

const folderOf = (path: string): string | undefined => /^platform\/([^/]+)\//.exec(path)?.[1];
