import { defineEntity, p } from '@mikro-orm/core';

export const SecondFactorSchema = defineEntity({
  name: 'SecondFactor',
  tableName: 'second_factor',
  properties: {
    userId: p.string().primary(),
    secret: p.string(),
    begunAt: p.datetime(),
    confirmedAt: p.datetime().nullable(),
    lastStep: p.integer().default(0),
    recoverySalt: p.string().nullable(),
  },
});

export const RecoveryCodeSchema = defineEntity({
  name: 'RecoveryCode',
  tableName: 'recovery_code',
  properties: {
    userId: p.string().primary(),
    hash: p.string().primary(),
    usedAt: p.datetime().nullable(),
  },
});

export const SignInChallengeSchema = defineEntity({
  name: 'SignInChallenge',
  tableName: 'sign_in_challenge',
  properties: {
    hash: p.string().primary(),
    userId: p.string(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});
