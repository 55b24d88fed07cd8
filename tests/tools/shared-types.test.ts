import { expect, test } from '@jest/globals';
import { roomModule, sharedModule } from '../../tools/codegen/shared-types.ts';

const SHARED = `import type { Money as MoneyValue } from '../money.ts';
import type { Unused } from './unused.ts';
export type Maybe<T> = T | null;
/** An amount of money. */
export type Money = {
  /** Exact. */
  amount: Maybe<string>;
};

/** What is wrong. */
export type ErrorCode =
  /** Not so. */
  | 'INVALID';

/** Something that the user can mend. */
export type Failure = {
  code: ErrorCode;
};

export type Placeholder = {
  id: string;
};

/** What resolvers answer with. */
export type ResolversTypes = {
  Money: MoneyValue;
  ErrorCode: ErrorCode;
  Failure: Failure;
  Placeholder: Placeholder;
};

export type MoneyResolvers<ContextType = any> = {
  amount?: (parent: ResolversTypes['Money']) => string;
};

export type Resolvers<ContextType = any> = {
  Money?: MoneyResolvers<ContextType>;
  Placeholder?: PlaceholderResolvers<ContextType>;
};
`;

/** What is generated for a room: all of the shared, without the placeholder, and more. */
const ROOM = SHARED.replace(/export type Placeholder =[^}]*};\n\n/, '')
  .replaceAll(/ {2}Placeholder.*\n/g, '')
  .replace('  Failure: Failure;\n', '  Failure: Failure;\n  Order: OrderRow;\n')
  .replace('/** What resolvers', 'export type Order = {\n  total?: Maybe<Money>;\n};\n\n/** What resolvers')
  .replace('../money.ts', '../../platform/money.ts');

const roomOf = (generated: string): string => roomModule(generated, SHARED, '../shared.generated.ts');

test('the shared module has neither the placeholder nor an import that nothing uses', () => {
  const text = sharedModule(SHARED);
  expect(text).not.toMatch(/Placeholder|Unused/);
  expect(text).toContain("import type { Money as MoneyValue } from '../money.ts';");
  expect(text).toContain('  Money?: MoneyResolvers<ContextType>;\n};');
});

test('the code of a shared user error is any text, because rooms have more codes', () => {
  const text = sharedModule(SHARED);
  expect(text).toContain('export type Failure = {\n  code: string;\n};');
  expect(text).toContain("export type ErrorCode =\n  /** Not so. */\n  | 'INVALID';");
});

test('a room has what is its own, and imports what it uses of the shared types', () => {
  expect(
    roomOf(ROOM),
  ).toBe(`import type { ErrorCode, Maybe, Money, Resolvers as SharedResolvers, ResolversTypes as SharedResolversTypes } from '../shared.generated.ts';

export type Order = {
  total?: Maybe<Money>;
};

/** What resolvers answer with. */
export type ResolversTypes = Omit<SharedResolversTypes, 'ErrorCode'> & {
  ErrorCode: ErrorCode;
  Order: OrderRow;
};

export type Resolvers<ContextType = any> = SharedResolvers<ContextType> & {
};
`);
});

test('a word that changes in the shared SDL changes the shared module alone', () => {
  const reworded = (text: string): string =>
    text.replace('Exact.', 'To the last digit.').replace('What is wrong.', 'The kind of error.');
  expect(roomModule(reworded(ROOM), reworded(SHARED), '../shared.generated.ts')).toBe(roomOf(ROOM));
  expect(sharedModule(reworded(SHARED))).not.toBe(sharedModule(SHARED));
});

test('a room that extends the error codes names its own beside the shared ones', () => {
  const text = roomOf(ROOM.replace("  | 'INVALID';", "  | 'INVALID'\n  /** Sold out. */\n  | 'SOLD_OUT';"));
  expect(text).toContain("export type ErrorCode =\n  | SharedErrorCode\n  /** Sold out. */\n  | 'SOLD_OUT';");
  expect(text).toContain('ErrorCode as SharedErrorCode');
  expect(text).not.toContain('export type Failure');
});

test('a shared type that a room extends is its own there, and so is all that refers to it', () => {
  const text = roomOf(ROOM.replace('  amount: Maybe<string>;', '  amount: Maybe<string>;\n  shown: string;'));
  expect(text).toContain('export type Money = {');
  expect(text).not.toMatch(/import type \{[^}]*\bMoney\b/);
  expect(text).toContain('export type Order = {');
  expect(text).not.toContain('export type MoneyResolvers');

  const mapped = roomOf(ROOM.replace('  Money: MoneyValue;', '  Money: MoneyRow;'));
  expect(mapped).toContain("Omit<SharedResolversTypes, 'Money' | 'ErrorCode'> & {\n  Money: MoneyRow;");
  expect(mapped).toContain('export type MoneyResolvers');
  expect(mapped).toContain("Omit<SharedResolvers<ContextType>, 'Money'> & {\n  Money?: MoneyResolvers<ContextType>;");
});
