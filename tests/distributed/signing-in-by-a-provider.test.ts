import '../support/distributed.ts';
import '../scenarios/signing-in-by-a-provider.test.ts';
