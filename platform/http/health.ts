import type { ServerResponse } from 'node:http';
import { respondJson } from './respond-json.ts';

/** The health of a server's backend. It must answer also while nothing else does. */
export interface HealthSource {
  /** The detailed health, for diagnosis by a person. */
  detailed(): Promise<{ status: string }>;
  /** The health of a dependency by name; undefined if there is none. */
  dependency(name: string): Promise<{ status: string } | undefined>;
}

/** Sources of the health checks. */
interface Sources {
  isReady(): { ready: boolean; details: object };
  health?: HealthSource;
}

/**
 * Answers health checks at three depths. `/health`: liveness. `/health/ready`: readiness, 503 if not.
 * `/health/detailed`: all of it, and `/health/<dependency>` one dependency; 503 if that is down. Returns false for
 * another path.
 */
export async function respondHealth(response: ServerResponse, path: string, sources: Sources): Promise<boolean> {
  const { isReady, health } = sources;
  if (path === '/health') {
    respondJson(response, 200, { status: 'ok' });
    return true;
  }
  const { ready, details } = isReady();
  if (path === '/health/ready') {
    respondJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', details });
    return true;
  }
  if (!health) return false;
  if (path === '/health/detailed') {
    respondJson(response, ready ? 200 : 503, { ...(await health.detailed()), status: ready ? 'ready' : 'not ready' });
    return true;
  }
  const name = nameIn(path.slice('/health/'.length));
  const dependency = name === undefined ? undefined : await health.dependency(name);
  if (dependency) respondJson(response, dependency.status === 'DOWN' ? 503 : 200, dependency);
  return dependency !== undefined;
}

/** Decodes a path segment; undefined if it is not percent-encoded text. */
function nameIn(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
