import fastify from 'fastify';
import { GanTrainError } from './errors.js';
import { limitSilentConnections } from './http-connections.js';

export interface HttpSource {
  /** What /metrics answers, in Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Why the process can't go on, or undefined: /healthz. */
  unhealthy(): string | undefined;
  /** What the process still waits for, or undefined: /readyz. */
  unready(): string | undefined;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A request may take so long to come in, and a connection may be idle for so long: scrapes are 15 s apart, or more. */
const requestMs = 10_000;
const idleMs = 60_000;
/** Of a scraper, probes and a few people; and half of it at most is left to those that have not asked for anything. */
const mostConnections = 512;
const mostSilent = 256;

/** Serves /metrics, /healthz and /readyz on host:port (0: any free port). Throws `port_taken`. */
export async function startHttpServer(host: string, port: number, source: HttpSource): Promise<HttpServer> {
  const app = fastify({
    forceCloseConnections: true,
    requestTimeout: requestMs,
    connectionTimeout: idleMs,
    keepAliveTimeout: idleMs,
    http: { headersTimeout: requestMs, connectionsCheckingInterval: 2_000 },
  });
  app.server.maxConnections = mostConnections;
  limitSilentConnections(app.server, mostSilent);
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await source.metrics();
    return reply.type(contentType).send(text);
  });
  for (const [route, problem] of [
    ['/healthz', () => source.unhealthy()],
    ['/readyz', () => source.unready()],
  ] as const) {
    app.get(route, async (_request, reply) => {
      const reason = problem();
      return reply.code(reason === undefined ? 200 : 503).send({ ok: reason === undefined, reason });
    });
  }
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const what = `cannot listen on ${host}:${port} for HTTP`;
    throw new GanTrainError('port_taken', what, 'choose another port, or 0 for any free one', error);
  }
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => app.close(),
  };
}
