import type { ServerResponse } from 'node:http';
import { respondJson } from './respond-json.ts';

/** What stands behind a server, as it tells of itself. It must answer also while nothing else does. */
export interface HealthSource {
  /** Everything, for a person who looks for what is wrong. */
  detailed(): Promise<{ status: string }>;
  /** One dependency by its name: undefined if there is none. */
  dependency(name: string): Promise<{ status: string } | undefined>;
}

/** What health is told from. */
interface Sources {
  isReady(): { ready: boolean; details: object };
  health?: HealthSource;
}

/**
 * Health at three depths. `/health`: the process answers. `/health/ready`: it can serve, 503 if not. `/health/detailed`:
 * all there is to know, and `/health/<dependency>` one thing of it; 503 if that is not well. False if nothing is there.
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

/** Undefined for what is no percent-encoded text. */
function nameIn(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
