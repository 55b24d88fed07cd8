import '../support/distributed.ts';
import '../scenarios/live-updates.test.ts';
