import '../support/distributed.ts';
import '../scenarios/refunds.test.ts';
