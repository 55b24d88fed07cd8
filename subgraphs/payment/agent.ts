import { defineAgent } from '../../platform/agent/define-agent.ts';
import { createApprovals } from '../../platform/approvals/approvals.ts';
import { allowsSimulator } from '../../platform/config/trial-features.ts';
import { createLedger } from '../../platform/ledger/ledger.ts';
import { parseWebhookSecrets } from '../../platform/webhooks/secrets.ts';
import { createWebhooks } from '../../platform/webhooks/webhooks.ts';
import { own } from './access.ts';
import { refundElectorate } from './approval/electorate.ts';
import { approvalResolvers } from './approval/resolvers.ts';
import { bookBackfill } from './books/backfill.ts';
import { bookHandlers } from './books/handlers.ts';
import { bookingQueries } from './books/queries.ts';
import { bookResolvers } from './books/resolvers.ts';
import { cancelService } from './cancel.ts';
import { variables } from './config.ts';
import { paymentDemo } from './demo.ts';
import { entities } from './entities.ts';
import { approvals as approvalEvents, emits } from './events.ts';
import { paymentLoaders } from './loaders.ts';
import { News } from './news.ts';
import { numberRefunds } from './numbering.ts';
import { simulatedWebhooks } from './provider/simulated-webhooks.ts';
import { guard } from './provider/guard.ts';
import { Simulator } from './provider/simulator.ts';
import type { SimulatorTables } from './provider/simulator-entities.ts';
import { paymentQueries } from './queries.ts';
import { refundService } from './refund.ts';
import { paymentResolvers } from './resolvers.ts';
import { paymentService } from './service.ts';
import { simulatorWebhooks } from './webhooks.ts';

export default defineAgent({
  name: 'payment',
  area: 'commerce',
  title: 'Payment',
  description:
    'Takes the money for orders, and gives it back: authorises, captures, voids and refunds through a payment provider.',
  skills: [
    {
      id: 'take-payment',
      name: 'Take a payment',
      description: 'Authorises an amount and captures it, each of them once.',
    },
    {
      id: 'give-back',
      name: 'Give money back',
      description: 'Voids what is held, and refunds what was captured, in part or whole.',
    },
  ],
  at: import.meta.url,
  entities,
  confined: own,
  webhooks: true,
  numbers: true,
  ledger: true,
  approvals: true,
  config: variables,
  configExceptions: {
    SIMULATOR_WEBHOOK_URL: 'The simulator is a provider beside others to come, and users know the name.',
  },
  emits,
  handlers: bookHandlers,
  replayable: true,
  // Nothing waits for the books.
  gatherMs: 250,
  build(agentContext) {
    const { config, clock, store } = agentContext;
    const timeoutMs = config.PAYMENT_TIMEOUT_MS;
    // Slow, but below any timeout that is configured.
    const slowMs = Math.min(3000, timeoutMs * 0.6);
    const secrets = config.PAYMENT_WEBHOOK_SECRETS ? parseWebhookSecrets(config.PAYMENT_WEBHOOK_SECRETS) : undefined;
    const simulated = simulatedWebhooks(agentContext, secrets);
    const simulator = new Simulator({
      db: store.read.withTables<SimulatorTables>(),
      clock,
      isOn: allowsSimulator(config),
      actionSeconds: config.PAYMENT_ACTION_SECONDS,
      slowMs,
      webhooks: simulated?.webhooks,
    });
    const provider = guard(simulator, { timeoutMs, guards: agentContext.guards });
    const refunds = refundService(agentContext, provider);
    const approvals = createApprovals(agentContext, {
      events: approvalEvents,
      commands: [refunds.command],
      electorate: refundElectorate(agentContext),
    });
    const news = new News();
    const webhooks = createWebhooks(agentContext, [simulatorWebhooks(agentContext, { secrets, news })]);
    const ledger = createLedger({ agent: 'payment', store, clock });
    const books = bookingQueries(store.read);
    const load = paymentLoaders(({ actor }) => paymentQueries(store.readAs(actor)));
    return {
      resolvers: [
        paymentResolvers({
          queries: paymentQueries(store.read),
          load,
          service: paymentService(agentContext, { provider, news }),
          cancel: cancelService(agentContext, { provider, refunds }),
          refunds,
          approvals,
          webhooks,
          clock,
        }),
        approvalResolvers(approvals),
        approvals.resolvers,
        bookResolvers(agentContext, { ledger: ledger.queries, books, load }),
      ],
      handling: ledger,
      backfill: bookBackfill(ledger, books),
      scheduledJobs: [
        { name: 'finish-refunds', everySeconds: 60, run: (signal) => refunds.finishAbandoned(signal) },
        numberRefunds(agentContext),
        ...approvals.scheduledJobs,
        ...webhooks.scheduledJobs,
        ...(simulated?.scheduledJobs ?? []),
      ],
      demo: { after: ['order'], load: paymentDemo(store.read, agentContext.ask) },
    };
  },
});
