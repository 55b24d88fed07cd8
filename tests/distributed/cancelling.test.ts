import '../support/distributed.ts';
import '../scenarios/cancelling.test.ts';
