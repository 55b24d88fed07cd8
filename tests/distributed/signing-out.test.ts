import '../support/distributed.ts';
import '../scenarios/signing-out.test.ts';
