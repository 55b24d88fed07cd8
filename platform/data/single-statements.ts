import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { Fault } from '../errors.ts';

/** Runs one statement, on any connection or server. */
export type Execute = <Row>(query: CompiledQuery<Row>) => Promise<QueryResult<Row>>;

/**
 * A Kysely whose statements go through this function one by one: for reads on another server, or in a transaction of
 * their own. It has no connection, hence nothing to close, no transactions and no streams.
 * @param like compiles the statements, so that they have the same names of columns. @default PostgreSQL's own compiler
 */
export function singleStatements(execute: Execute, like?: Kysely<any>): Kysely<any> {
  const connection: DatabaseConnection = {
    executeQuery: <Row>(query: CompiledQuery) => execute(query as CompiledQuery<Row>),
    streamQuery() {
      throw notThere('streams');
    },
  };
  const none = async (): Promise<void> => {};
  const refuse = async (): Promise<never> => {
    throw notThere('transactions');
  };
  const driver: Driver = {
    init: none,
    acquireConnection: async () => connection,
    releaseConnection: none,
    destroy: none,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
  };
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => like?.getExecutor() ?? new PostgresQueryCompiler(),
    },
  });
}

const notThere = (what: string): Fault =>
  new Fault('READS_ONLY', `There are no ${what} over single reads: use Store.write.`);
