import { defineEvent } from '../../platform/events/define-event.ts';
import { endpointDisabledPayload } from '../../platform/outbound/endpoint-disabled.ts';

export const endpointDisabled = defineEvent('integration.endpoint_disabled', {
  aggregate: 'webhook_endpoint',
  description:
    'A webhook endpoint was disabled by itself: its receiver wants no more, or nothing has succeeded for days.',
  payload: endpointDisabledPayload,
});

export const emits = [endpointDisabled];
