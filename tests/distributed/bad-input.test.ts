import '../support/distributed.ts';
import '../scenarios/bad-input.test.ts';
