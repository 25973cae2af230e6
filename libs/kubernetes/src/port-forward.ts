import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { PortForward, type KubeConfig } from 'kubernetes-client';
import { GanTrainError, withTimeout } from '@gan-train/service';
import type { ClientOptions, WebSocket } from 'ws';
import { apiErrorFrom } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { exceptionFrom } from './open-stream.js';

export interface ForwardedPort {
  /** On 127.0.0.1. */
  readonly port: number;
  /** `kubernetes`: why the last connection that could not be made, or that broke, did so. Whoever connects only sees it close. */
  readonly failure: GanTrainError | undefined;
  close: () => void;
}

/** Shorter than a call of the coordinator may take: else that would end before anybody knows why. */
const handshakeMs = 8_000;
/** The code of a WebSocket that closes without a word. */
const brokenOff = 1006;

/** Carries connections to a port of this machine to one of a pod. Each has a deadline to reach the pod. */
export async function forwardPort(cluster: Cluster, pod: string, podPort: number): Promise<ForwardedPort> {
  const { config, namespace } = cluster;
  const what = `forwarding port ${podPort} of ${pod}`;
  const sockets = new Set<Socket>();
  const tunnels = new Set<WebSocket>();
  let failure: GanTrainError | undefined;

  function carry(socket: Socket): void {
    let tunnel: WebSocket | undefined;
    let isOver = false;
    // The first to say why it ends is right: the rest follows from it.
    const over = (error?: GanTrainError): void => {
      if (isOver) return;
      isOver = true;
      failure = error ?? failure;
      socket.destroySoon();
      if (tunnel?.readyState === tunnel?.CONNECTING) tunnel?.terminate();
      else tunnel?.close();
    };
    const fail = (thrown: unknown): void => over(apiErrorFrom(what, thrown));

    function begin(begun: WebSocket): void {
      tunnel = begun;
      tunnels.add(begun);
      begun.on('unexpected-response', (_request, response) => {
        exceptionFrom(response).then(fail, fail);
      });
      begun.on('error', fail);
      begun.on('close', (code) => {
        tunnels.delete(begun);
        if (code === brokenOff) fail(new Error('the connection broke'));
        else over();
      });
      if (isOver) begun.terminate();
    }

    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      if (tunnel === undefined || tunnel.readyState === tunnel.CONNECTING)
        fail(new Error('there was no answer until the connection was closed'));
      else over();
    });
    // Here the pod's side says why it ends a connection.
    const errors = new Writable({
      write(words: Buffer, _encoding, done) {
        if (words.length > 0) over(new GanTrainError('kubernetes', `${what}: ${words.toString().trim()}`));
        done();
      },
    });
    const forward = new PortForward(configWith(config, begin));
    const opened = forward.portForward(namespace, pod, [podPort], socket, errors, socket);
    withTimeout(opened, handshakeMs, 'the answer').catch(fail);
  }

  const server = createServer(carry);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get failure() {
      return failure;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      for (const tunnel of tunnels) tunnel.terminate();
    },
  };
}

/** Hands over each WebSocket before its handshake: the client does so after it, and has then lost what the API said. */
function configWith(config: KubeConfig, begin: (tunnel: WebSocket) => void): KubeConfig {
  const own: Pick<KubeConfig, 'applyToHTTPSOptions'> = {
    async applyToHTTPSOptions(options) {
      await config.applyToHTTPSOptions(options);
      const hook: ClientOptions = {
        finishRequest(request, tunnel) {
          begin(tunnel);
          request.end();
        },
      };
      Object.assign(options, hook);
    },
  };
  return Object.assign(Object.create(config) as KubeConfig, own);
}
