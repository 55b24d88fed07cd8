import type DataLoader from 'dataloader';
import { Refusal, type UserError } from '../errors.ts';
import type { RequestContext } from './context.ts';

/** The part that all mutation payloads have in common. */
export interface Refused {
  userErrors: UserError[];
}

/** Runs a use case for a mutation: a {@link Refusal} becomes the payload's `userErrors`, other errors are rethrown. */
export async function payload<T extends object>(work: () => Promise<T>): Promise<(T & Refused) | Refused> {
  try {
    return { userErrors: [], ...(await work()) };
  } catch (error) {
    if (error instanceof Refusal) return { userErrors: [...error.userErrors] };
    throw error;
  }
}

/**
 * Creates resolvers of mutations that answer with the changed object, freshly loaded: `const product =
 * answering('product', load.product)` makes `createProduct: product(service.createProduct)`, where the use case returns
 * the object's id.
 * @param field of the payload
 * @param load a loader of {@link loadOne}, whose cache is cleared after each mutation
 */
export const answering =
  <Field extends string, Row>(field: Field, load: (context: RequestContext) => DataLoader<string, Row | null>) =>
  <Input>(act: (input: Input, context: RequestContext) => Promise<string>) =>
  (_: unknown, { input }: { input: Input }, context: RequestContext) =>
    payload(async () => {
      const id = await act(input, context);
      return { [field]: await load(context).load(id) } as { [F in Field]: Row | null };
    });
