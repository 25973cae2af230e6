import { abortedBy, askApi } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { linesOf, openStream } from './open-stream.js';

/** The last lines that a pod's container has written. Throws `kubernetes`. */
export async function readPodLog(
  { core, namespace }: Cluster,
  name: string,
  tailLines: number,
): Promise<string[]> {
  const text = await askApi(`reading the log of ${name}`, async (signal) =>
    core.readNamespacedPodLog({ name, namespace, tailLines }, abortedBy(signal)),
  );
  return text.split('\n').filter((line) => line !== '');
}

/**
 * The last lines, then what is written; resolves when the container ends or the signal aborts. Throws `kubernetes`, also when the
 * connection breaks.
 */
export async function followPodLog(
  cluster: Cluster,
  name: string,
  tailLines: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const what = `following the log of ${name}`;
  const path = `/api/v1/namespaces/${cluster.namespace}/pods/${name}/log`;
  const query = { follow: true, tailLines };
  try {
    const response = await askApi(what, async (until) => openStream(cluster, path, query, until), signal);
    for await (const line of linesOf(response, what, signal)) onLine(line);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
