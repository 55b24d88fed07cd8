import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Output } from '../codegen/output.ts';
import type { Words } from './words.ts';

const TEMPLATES = join(import.meta.dirname, 'templates');

/** The files of the room: every template, its name and its text, with the words in their places. */
export const fillTemplates = (words: Words): Output[] =>
  globSync('**/*.tmpl', { cwd: TEMPLATES })
    .sort()
    .map((template) => ({
      path: join('subgraphs', words.name, fill(template.replace(/\.tmpl$/, ''), words)),
      text: fill(readFileSync(join(TEMPLATES, template), 'utf8'), words),
    }));

/** Fills the placeholders of a text. @throws Error for one without a word */
const fill = (text: string, words: Words): string =>
  text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    if (!(key in words)) throw new Error(`a template asks for {{${key}}}, which there is no word for`);
    return words[key as keyof Words];
  });
