/**
 * graphql-shield 7.6.5 as it can be loaded on Node 23 and later. Its ESM build imports `isUndefined` from `util`, which
 * Node removed, and so cannot be imported at all; its CommonJS build loads, and only calls it in `chain` and `race`.
 * The polyfill must be there before the package is required.
 */
import { createRequire } from 'node:module';
import type * as middlewareTypes from 'graphql-middleware';
import type * as shieldTypes from 'graphql-shield';

const require = createRequire(import.meta.url);
const util = require('node:util') as { isUndefined?: (value: unknown) => boolean };
util.isUndefined ??= (value) => value === undefined;

const shieldModule = require('graphql-shield') as typeof shieldTypes;
const middlewareModule = require('graphql-middleware') as typeof middlewareTypes;

/** Makes a middleware of a rule tree. */
export const shield = shieldModule.shield;
/** Makes a rule. Its name is its cache key: two rules of one name would share their results. */
export const rule = shieldModule.rule;
/** All of the rules. */
export const and = shieldModule.and;
/** Any of the rules. */
export const or = shieldModule.or;
/** The rule that always holds. */
export const allow = shieldModule.allow;
/** Puts a middleware around every resolver of a schema. */
export const applyMiddleware = middlewareModule.applyMiddleware;
