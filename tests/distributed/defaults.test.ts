import '../support/distributed.ts';
import '../scenarios/defaults.test.ts';
