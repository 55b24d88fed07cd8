// Jest loads this one itself and untransformed; what it does is TypeScript, which Node strips.
export { setUp as default } from './test-server.ts';
