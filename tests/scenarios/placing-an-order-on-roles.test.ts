/** All tests of placing-an-order.test.ts, with every agent on a PostgreSQL role of its own (db/roles.ts). */
import '../support/with-roles.ts';
import './placing-an-order.test.ts';
