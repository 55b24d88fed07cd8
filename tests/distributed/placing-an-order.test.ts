import '../support/distributed.ts';
import '../scenarios/placing-an-order.test.ts';
