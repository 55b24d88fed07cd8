import '../support/distributed.ts';
import '../scenarios/last-unit.test.ts';
