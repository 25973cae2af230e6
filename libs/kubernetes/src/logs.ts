import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { Log } from 'kubernetes-client';
import { askApi, type Cluster } from './cluster.js';

/** The last lines that a pod's container has written. Throws `kubernetes`. */
export async function readPodLog(
  { core, namespace }: Cluster,
  name: string,
  tailLines: number,
): Promise<string[]> {
  const text = await askApi(`reading the log of ${name}`, async () =>
    core.readNamespacedPodLog({ name, namespace, tailLines }),
  );
  return text.split('\n').filter((line) => line !== '');
}

/** The last lines, then what is written; resolves when the container ends or the signal aborts. Throws `kubernetes`. */
export async function followPodLog(
  { config, namespace }: Cluster,
  name: string,
  tailLines: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const output = new PassThrough();
  const request = await askApi(`following the log of ${name}`, async () =>
    new Log(config).log(namespace, name, '', output, { follow: true, tailLines }),
  );
  const stop = (): void => {
    request.abort();
    output.end();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const line of createInterface(output)) onLine(line);
  } finally {
    signal.removeEventListener('abort', stop);
    request.abort();
  }
}
