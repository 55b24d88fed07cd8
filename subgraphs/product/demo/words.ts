import type { TaxClass } from '../entities.ts';

/** An attribute by which variants differ: its labels, each with its code in a SKU. */
export interface Axis {
  name: string;
  values: readonly (readonly [label: string, code: string])[];
}

/** A category at the bottom, and the words that its products are made of. All names of series are invented. */
export interface Leaf {
  name: string;
  /** The first part of its SKUs. */
  code: string;
  taxClass?: TaxClass;
  /** Invented names of series. Without any, the article stands in their place. */
  series: readonly string[];
  /** Materials and manners, before the thing: at least six. */
  qualities: readonly string[];
  /** At least six. */
  things: readonly string[];
  /** With `second` at least three values, without it at least five. */
  first: Axis;
  second?: Axis;
  /** Beginnings of descriptions, about `{thing}` in lower case. */
  says: readonly string[];
}

/** A category at the top. */
export interface Top {
  name: string;
  /** Endings of the descriptions in this category. */
  ends: readonly string[];
  below: readonly Leaf[];
}

/** `axis('Size', 'Small:S Medium:M')`; an underscore stands for a space. */
export const axis = (name: string, values: string): Axis => ({
  name,
  values: values.split(' ').map((value) => value.replaceAll('_', ' ').split(':') as [string, string]),
});

/** `words('Navy Sand')`; an underscore stands for a space. */
export const words = (text: string): string[] => text.split(' ').map((word) => word.replaceAll('_', ' '));
