/** Handles a `subscribe` message: an operation of any kind, whose results go to its socket. */
import { type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError } from 'graphql';
import type { Context } from 'graphql-ws';
import { clientOf } from '../../platform/http/client-of.ts';
import { correlationId } from '../http/correlation-id.ts';
import { countRejected } from '../operations/count-rejected.ts';
import type { Front } from '../http/front.ts';
import { checkVariables } from '../limits/check-variables.ts';
import type { Limits } from '../limits/limits.ts';
import { type DocumentParams, textOf } from '../limits/stored-documents.ts';
import { frameOf } from '../live/frame.ts';
import { LiveStream } from '../live/live-stream.ts';
import type { SocketQueue } from '../live/socket-queue.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import type { Operation } from '../operations/operation.ts';
import type { Operations } from '../operations/operations.ts';
import { actorOf, type Caller } from '../identity/session.ts';
import { SocketOperation } from './socket-operation.ts';
import type { SocketExtra } from './socket-protocol.ts';
import type { Payload, SocketSession } from './socket-session.ts';
import { withoutHttp } from '../operations/without-http.ts';

/** State of a socket, from its `connection_init` on. */
export interface Kept {
  session: SocketSession;
  queue: SocketQueue;
}

/** A socket as graphql-ws knows it. */
export type Socket = Context<Payload, SocketExtra & Partial<Kept>>;

/** The payload of the message. */
type Subscribe = DocumentParams & {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
};

/**
 * The prepared operation. graphql-ws keeps it for as long as a subscription is open, so it must not hold the graph:
 * `operations` is taken once.
 */
export type Subscribed = Omit<ExecutionArgs, 'schema'> & {
  operation: Operation;
  operations: Operations | undefined;
  asked: SocketOperation;
};

/** Parts with which messages are handled. */
export interface MessageOptions {
  /** Number of proxies before the gateway. @default 0 */
  trustedProxies?: number;
  /** The front of the graph version that serves: asked for every operation. */
  front(): Front;
  mask: ErrorMask;
}

/** Parses and validates as over HTTP. Every error is returned: a throw would close the whole socket. */
export async function prepare(
  socket: Socket,
  id: string,
  payload: Subscribe,
  { front, mask, trustedProxies = 0 }: MessageOptions,
): Promise<Subscribed | GraphQLError[]> {
  const { session, queue, request } = socket.extra as Required<Socket['extra']>;
  const client = clientOf(request, trustedProxies);
  const caller: Caller = { actor: () => actorOf(session.identity), correlationId: correlationId(undefined), client };
  const asked = new SocketOperation(caller, queue.sinkOf(id));
  // graphql-ws looks here when the client ends it, or the socket: from now on, and not only when there are results.
  socket.subscriptions[id] = asked.stream;
  const shown = (errors: readonly unknown[]): GraphQLError[] =>
    withoutHttp(errors.map((error) => mask.error(error, caller.correlationId)));
  try {
    const open = Object.keys(socket.subscriptions).length;
    const prepared = (await Promise.race([read(payload, asked, front(), open), asked.over])) ?? [nobodyWaits()];
    return Array.isArray(prepared) ? shown(prepared) : prepared;
  } catch (error) {
    const told = error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED') : error;
    countRejected(error instanceof GraphQLError ? error.extensions.code : 'INTERNAL_SERVER_ERROR');
    return shown([told]);
  }
}

/** The operation to execute. @throws GraphQLError, and the limiter's errors */
async function read(
  payload: Subscribe,
  asked: SocketOperation,
  { yoga, operations, limits, rates }: Front,
  open: number,
): Promise<Subscribed | GraphQLError[]> {
  const { caller } = asked;
  const { schema, parse, validate } = yoga.getEnveloped({ caller, params: payload } as never);
  if (open > limits.subscriptionsPerSocket) throw tooManyAtOnce(limits);
  await rates?.request(caller);
  checkVariables(payload.variables, limits.document);
  const document = parse(limits.documents ? ((await textOf(payload, limits.documents)) ?? '') : payload.query);
  const invalid = validate(schema, document) as GraphQLError[];
  if (invalid.length > 0) {
    countRejected('GRAPHQL_VALIDATION_FAILED');
    return invalid.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED'));
  }
  const { operationName, variables } = payload;
  if (!getOperationAST(document, operationName)) throw noSuchOperation(operationName);
  const operation: Operation = { document, operationName, variables, caller };
  return { document, operationName, variableValues: variables, operation, operations, asked };
}

/**
 * Runs an operation, whose results go straight to its socket; the stream for graphql-ws only ends. It throws nothing,
 * and its results are serialised already: an error in either would make graphql-ws close the whole socket, with 4500.
 */
export async function run(args: Subscribed, mask: ErrorMask, isSubscription = false): Promise<LiveStream> {
  const { operation, asked } = args;
  const operations = args.operations!;
  // `operations` belongs to the graph version that validated the document; graphql-ws would hold it for as long as the
  // subscription is open.
  args.operations = undefined;
  const tell = (result: ExecutionResult): LiveStream => {
    const { correlationId } = asked.caller;
    asked.stream.finish(frameOf(result, (error) => ({ data: null, errors: [mask.error(error, correlationId)] })));
    return asked.stream;
  };
  if (!isSubscription) {
    void operations.execute(operation).then(tell);
    return asked.stream;
  }
  const opening = operations.subscribe(operation);
  const opened = await Promise.race([opening, asked.over]);
  if (opened === undefined) {
    void opening.then((late) => {
      if (late instanceof LiveStream) void late.return();
    });
    return asked.stream;
  }
  if (!(opened instanceof LiveStream)) return tell(opened);
  opened.pipe(asked.sink);
  return opened;
}

const tooManyAtOnce = ({ subscriptionsPerSocket: most }: Limits): GraphQLError =>
  new GraphQLError(`A socket may have ${most} operations open at once: end one, or open another socket.`, {
    extensions: { code: 'RATE_LIMITED', policy: 'subscriptions' },
  });

const noSuchOperation = (name: string | null | undefined): GraphQLError =>
  new GraphQLError(
    typeof name === 'string'
      ? `There is no operation "${name}" in the document.`
      : 'The document has several operations: say by `operationName` which.',
    { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } },
  );

/** An error that is not sent: graphql-ws tells it only as long as the operation is there. */
const nobodyWaits = (): GraphQLError =>
  new GraphQLError('The operation was completed.', { extensions: { code: 'CLIENT_GONE' } });

const coded = (error: GraphQLError, code: string): GraphQLError => {
  error.extensions.code ??= code;
  return error;
};
