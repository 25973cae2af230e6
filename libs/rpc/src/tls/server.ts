import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { TlsIdentity, TlsMaterial } from './identity.js';

const handshakeMs = 10_000;

/**
 * Makes TLS connections of TCP ones, of peers with a certificate of our authority only; hands on those that speak HTTP/2. New files count
 * for connections that are made from then on. `onRefused` is told why others are closed.
 */
export function createTlsDoor(
  identity: TlsIdentity,
  onConnection: (socket: TLSSocket) => void,
  onRefused: (reason: string) => void,
): { take: (socket: Socket) => void; close: () => void } {
  const server = createServer({
    ...contextOf(identity.material()),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeMs,
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    if (socket.alpnProtocol === 'h2') onConnection(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    // OpenSSL's own words; the message has addresses in it.
    const { reason, code } = error as NodeJS.ErrnoException & { reason?: string };
    onRefused(reason ?? code ?? error.message);
    socket.destroy();
  });
  const forget = identity.onRenewed((material) => server.setSecureContext(contextOf(material)));
  return {
    take: (socket) => void server.emit('connection', socket),
    close: forget,
  };
}

const contextOf = ({ ca, certificate, key }: TlsMaterial) =>
  ({ ca, cert: certificate, key, minVersion: 'TLSv1.3' }) as const;
