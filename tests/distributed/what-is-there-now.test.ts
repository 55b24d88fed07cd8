import '../support/distributed.ts';
import '../scenarios/what-is-there-now.test.ts';
