import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';
import { AuditEntrySchema, AuditHeadSchema } from './audit/entities.ts';
import { RecoveryTokenSchema } from './recovery/entities.ts';
import { ApiKeySchema } from './api-keys/entities.ts';
import { RecoveryCodeSchema, SecondFactorSchema, SignInChallengeSchema } from './second-factor/entities.ts';
import { LinkedIdentitySchema, ProviderAttemptSchema } from './providers/entities.ts';

/** The roles that a person can have. A service's and a guest's are not given to anybody. */
export type UserRole = 'ADMIN' | 'OPERATOR' | 'ANALYST' | 'VIEWER' | 'MERCHANT' | 'CUSTOMER';

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

const AccountSchema = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.string().primary(),
    email: p.string(),
    emailKey: p.string(),
    name: p.string(),
    passwordHash: p.string().nullable(),
    roles: p.array<UserRole>((role) => role as UserRole),
    customerId: p.string().nullable(),
    customerMade: p.boolean(),
    merchantId: p.string().nullable(),
    version: p.integer(),
    emailVerifiedAt: p.datetime().nullable(),
    securedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

const SessionSchema = defineEntity({
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

const RefreshTokenSchema = defineEntity({
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

const SignInAttemptsSchema = defineEntity({
  name: 'SignInAttempts',
  tableName: 'sign_in_attempts',
  properties: {
    key: p.string().primary(),
    failures: p.integer(),
    lastAt: p.datetime(),
    blockedUntil: p.datetime().nullable(),
  },
});

export class Account extends AccountSchema.class {}
AccountSchema.setClass(Account);
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);
export class RefreshToken extends RefreshTokenSchema.class {}
RefreshTokenSchema.setClass(RefreshToken);

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
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
