// Jest loads this file itself and untransformed; the set-up is TypeScript, which Node strips.
export { setUp as default } from './test-server.ts';
