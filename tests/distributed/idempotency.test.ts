import '../support/distributed.ts';
import '../scenarios/idempotency.test.ts';
