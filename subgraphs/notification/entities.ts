import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';
import { MailSchema } from './mail/entities.ts';
import type { Parameters, Template } from './domain.ts';

const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    id: p.string().primary(),
    customerId: p.string(),
    eventId: p.uuid(),
    orderId: p.string(),
    template: p.string().$type<Template>(),
    parameters: p.json<Parameters>(),
    createdAt: p.datetime(),
    readAt: p.datetime().nullable(),
  },
});

export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message);

export const entities = [MessageSchema, MailSchema];
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
