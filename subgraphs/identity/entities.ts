import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { AuditEntrySchema, AuditHeadSchema } from './audit/entities.ts';
import { RecoveryTokenSchema } from './recovery/entities.ts';
import { ApiKeySchema } from './api-keys/entities.ts';
import { RecoveryCodeSchema, SecondFactorSchema, SignInChallengeSchema } from './second-factor/entities.ts';
import { LinkedIdentitySchema, ProviderAttemptSchema } from './providers/entities.ts';

/** The roles that a user can have. SERVICE and GUEST are for agents and guests only. */
export const Role = {
  ADMIN: 'ADMIN',
  OPERATOR: 'OPERATOR',
  ANALYST: 'ANALYST',
  VIEWER: 'VIEWER',
  MERCHANT: 'MERCHANT',
  CUSTOMER: 'CUSTOMER',
} as const;
export type Role = keyof typeof Role;

export const RevocationReason = {
  SIGNED_OUT: 'SIGNED_OUT',
  TOKEN_REUSED: 'TOKEN_REUSED',
  ROLES_CHANGED: 'ROLES_CHANGED',
  ENDED_BY_USER: 'ENDED_BY_USER',
  ENDED_BY_STAFF: 'ENDED_BY_STAFF',
  PASSWORD_CHANGED: 'PASSWORD_CHANGED',
  PASSWORD_RESET: 'PASSWORD_RESET',
  SECOND_FACTOR_CHANGED: 'SECOND_FACTOR_CHANGED',
  IDENTITY_UNLINKED: 'IDENTITY_UNLINKED',
} as const;
export type RevocationReason = keyof typeof RevocationReason;

export const AccountSchema = defineEntity({
  // The name of the type in the graph.
  name: 'User',
  tableName: 'account',
  properties: {
    id: p.string().primary(),
    email: p.string(),
    emailKey: p.string(),
    name: p.string(),
    passwordHash: p.string().nullable(),
    roles: p.array<Role>((role) => role as Role),
    customerId: p.string().nullable(),
    customerMade: p.boolean().default(false),
    merchantId: p.string().nullable(),
    version: p.integer().version().default(1),
    emailVerifiedAt: p.datetime().nullable(),
    securedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'session',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    startedAt: p.datetime(),
    expiresAt: p.datetime(),
    userAgent: p.string().nullable(),
    address: p.string().nullable(),
    addressKey: p.string().nullable(),
    lastUsedAt: p.datetime(),
    revokedAt: p.datetime().nullable(),
    revokedReason: p.enum(() => RevocationReason).nullable(),
  },
});

export const RefreshTokenSchema = defineEntity({
  name: 'RefreshToken',
  tableName: 'refresh_token',
  properties: {
    hash: p.string().primary(),
    sessionId: p.string(),
    issuedAt: p.datetime(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
  },
});

export const SignInAttemptsSchema = defineEntity({
  name: 'SignInAttempts',
  tableName: 'sign_in_attempts',
  properties: {
    key: p.string().primary(),
    failures: p.integer(),
    lastAt: p.datetime(),
    blockedUntil: p.datetime().nullable(),
  },
});

export const entities = [
  AccountSchema,
  SessionSchema,
  RefreshTokenSchema,
  SignInAttemptsSchema,
  ApiKeySchema,
  AuditEntrySchema,
  AuditHeadSchema,
  RecoveryTokenSchema,
  SecondFactorSchema,
  RecoveryCodeSchema,
  SignInChallengeSchema,
  LinkedIdentitySchema,
  ProviderAttemptSchema,
];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
/** A user with the fields that only this room may know. One who signed up by a provider may have no password. */
export type AccountRow = RowOf<typeof AccountSchema>;
/** A user as the graph reads it. */
export type UserRow = Omit<AccountRow, 'passwordHash'>;
export type SessionRow = RowOf<typeof SessionSchema>;
export type RefreshTokenRow = RowOf<typeof RefreshTokenSchema>;
export type SignInAttemptsRow = RowOf<typeof SignInAttemptsSchema>;
