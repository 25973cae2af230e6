import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { GanTrainError } from '@gan-train/service/errors';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callUnary, unaryHandler } from '../calls.js';
import { createCoordinatorClient, createPeerClient } from '../client.js';
import { coordinatorService, peerService } from '../contract.js';
import type { CoordinatorClient } from '../gen/gan_train/v1/Coordinator.js';
import type { PeerClient } from '../gen/gan_train/v1/Peer.js';
import { createRpcServer, listen, shutdown } from '../server.js';
import { untilClosed } from '../testing.js';
import { openTlsIdentity, tlsIdentityFrom, type TlsIdentity } from './identity.js';
import { nameOfRole, type Role } from './roles.js';
import { createAuthority, writeIdentity, type Authority } from './testing.js';

const host = '127.0.0.1';

let authority: Authority;
let foreign: Authority;
beforeAll(async () => {
  authority = await createAuthority();
  foreign = await createAuthority();
});

const rejected: GanTrainError[] = [];
beforeEach(() => void rejected.splice(0));

async function identityIn(directory: string, role: Role): Promise<TlsIdentity> {
  const identity = await openTlsIdentity(directory, role, (error) => rejected.push(error));
  onTestFinished(() => identity.close());
  return identity;
}

const identityOf = async (role: Role, from = authority): Promise<TlsIdentity> =>
  identityIn(await writeIdentity(from, role), role);

/** Answers a coordinator's and a peer's call, as a process of this role would. */
async function serve(tls: TlsIdentity | undefined): Promise<{ port: number; refused: string[] }> {
  const refused: string[] = [];
  const server = createRpcServer({ tls, onRefused: (reason) => refused.push(reason) });
  server.addService(coordinatorService, {
    Status: unaryHandler(async () => Promise.resolve({ doing: 'well' })),
    Drain: unaryHandler(async () => Promise.resolve({})),
  });
  server.addService(peerService, { Probe: unaryHandler(async () => Promise.resolve({ failure: '' })) });
  const port = await listen(server, host, 0);
  onTestFinished(async () => shutdown(server, 0));
  return { port, refused };
}

type Call = Parameters<typeof callUnary<object, { doing: string }>>[0];
const ask = async (client: CoordinatorClient | PeerClient, method: string): Promise<{ doing: string }> => {
  onTestFinished(() => client.close());
  const call = (client as unknown as Record<string, Call>)[method] as Call;
  return callUnary(call.bind(client), {}, { timeoutMs: 5_000, unavailable: 'coordinator_lost' });
};
const status = async (port: number, tls?: TlsIdentity) =>
  ask(createCoordinatorClient(`${host}:${port}`, tls), 'Status');

/** A TLS connection of our own making, once it stands or is refused. */
async function dial(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({
    port,
    host,
    servername: nameOfRole('coordinator'),
    ALPNProtocols: ['h2'],
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined).resume();
  return socket;
}

describe('with certificates', () => {
  it('an operator and a trainer can call what is for them, and only that', async () => {
    const { port } = await serve(await identityOf('coordinator'));
    const operator = await identityOf('operator');
    expect(await status(port, operator)).toMatchObject({ doing: 'well' });
    expect(await status(port, operator)).toMatchObject({ doing: 'well' });
    const trainer = await identityOf('trainer');
    expect(await status(port, trainer)).toMatchObject({ doing: 'well' });
    await expect(ask(createCoordinatorClient(`${host}:${port}`, trainer), 'Drain')).rejects.toMatchObject({
      code: 'refused',
      what: "/gan_train.v1.Coordinator/Drain is for operator; the caller's certificate is for trainer",
    });
  });

  it('nobody else than a coordinator is taken for one, or than a trainer for one', async () => {
    const operator = await identityOf('operator');
    const trainer = await identityOf('trainer');
    const { port } = await serve(await identityOf('trainer'));
    await expect(status(port, operator)).rejects.toMatchObject({ code: 'coordinator_lost' });
    expect(await ask(createPeerClient(`${host}:${port}`, trainer), 'Probe')).toEqual({ failure: '' });
    const { port: coordinator } = await serve(await identityOf('coordinator'));
    await expect(ask(createPeerClient(`${host}:${coordinator}`, trainer), 'Probe')).rejects.toMatchObject({
      code: 'coordinator_lost',
    });
  });

  it('whoever has none, or one of another authority, is refused, and so is who trusts another one', async () => {
    const { port, refused } = await serve(await identityOf('coordinator'));
    await expect(status(port)).rejects.toMatchObject({ code: 'coordinator_lost' });
    await expect(status(port, await identityOf('operator', foreign))).rejects.toMatchObject({
      code: 'coordinator_lost',
    });
    const ca = authority.certificate;
    const without = await dial(port, { ca });
    await untilClosed(without);
    const theirs = await foreign.issue({ names: [nameOfRole('operator')] });
    const stranger = await dial(port, { ca, cert: theirs.certificate, key: theirs.key });
    await untilClosed(stranger);
    expect(refused.length).toBeGreaterThanOrEqual(3);
  });

  it('a connection that is not HTTP/2, or no TLS at all, is closed', async () => {
    const { port } = await serve(await identityOf('coordinator'));
    const { certificate, key } = await authority.issue({ names: [nameOfRole('operator')] });
    const other = await dial(port, { ca: authority.certificate, cert: certificate, key, ALPNProtocols: [] });
    await untilClosed(other);
    const plain = connectTcp(port, host);
    plain.on('error', () => undefined).resume();
    plain.write('GET / HTTP/1.1\r\nhost: nobody\r\n\r\n');
    await untilClosed(plain);
  });

  it('a server without them takes no one who asks for them', async () => {
    const { port } = await serve(undefined);
    await expect(status(port, await identityOf('operator'))).rejects.toMatchObject({
      code: 'coordinator_lost',
    });
    expect(await status(port)).toMatchObject({ doing: 'well' });
  });
});

describe('files that are replaced while a process runs', () => {
  it('count for new connections, on both sides, and those that stand go on', async () => {
    const directory = await writeIdentity(authority, 'coordinator');
    const coordinator = await identityIn(directory, 'coordinator');
    const { port } = await serve(coordinator);
    const ownDirectory = await writeIdentity(authority, 'operator');
    const operator = await identityIn(ownDirectory, 'operator');
    const standing = createCoordinatorClient(`${host}:${port}`, operator);
    await ask(standing, 'Status');
    const next = await createAuthority();
    // Both are trusted while the one replaces the other.
    const both = { ...next, certificate: `${authority.certificate}\n${next.certificate}` };
    await writeIdentity(both, 'coordinator', {}, directory);
    await writeIdentity(both, 'operator', {}, ownDirectory);
    const shown = async (): Promise<string | undefined> => {
      const { certificate, key } = await authority.issue({ names: [nameOfRole('operator')] });
      const socket = await dial(port, { ca: both.certificate, cert: certificate, key });
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const expected = new X509Certificate(await readFile(join(directory, 'tls.crt'))).fingerprint256;
    await Promise.all([coordinator.refresh(), operator.refresh()]);
    expect(await shown()).toBe(expected);
    expect(await status(port, operator)).toMatchObject({ doing: 'well' });
    await ask(standing, 'Status');
    expect(rejected).toEqual([]);
  });

  it('are passed over, and said once, when they are no good', async () => {
    const directory = await writeIdentity(authority, 'coordinator');
    const identity = await identityIn(directory, 'coordinator');
    const { port } = await serve(identity);
    const before = identity.material();
    await writeFile(join(directory, 'tls.crt'), 'half a certifi');
    await identity.refresh();
    // Somebody may be replacing one file after the other.
    expect(rejected).toEqual([]);
    for (let i = 0; i < 5; i++) await identity.refresh();
    expect(rejected.map(({ what }) => what)).toEqual([
      expect.stringContaining('tls.crt is not PEM that can be used'),
    ]);
    expect(identity.material()).toBe(before);
    expect(await status(port, await identityOf('operator'))).toMatchObject({ doing: 'well' });
  });
});

describe('an identity that is in no file', () => {
  const files = async (role: Role) => {
    const { certificate, key } = await authority.issue({ names: [nameOfRole(role)] });
    const pem = { 'ca.crt': authority.certificate, 'tls.crt': certificate, 'tls.key': key };
    return Object.fromEntries(Object.entries(pem).map(([name, text]) => [name, Buffer.from(text)]));
  };

  it('is as good as one of files', async () => {
    const { port } = await serve(await identityOf('coordinator'));
    const operator = tlsIdentityFrom(await files('operator'), 'operator', 'a Secret');
    expect(await status(port, operator)).toMatchObject({ doing: 'well' });
  });

  it('is refused when it is no good, and it is said where it is from', async () => {
    const whole = await files('operator');
    const keyless = { ...whole, 'tls.key': undefined };
    expect(() => tlsIdentityFrom(keyless, 'operator', 'the Secret x')).toThrow(
      'there is no tls.key in the Secret x',
    );
    expect(() => tlsIdentityFrom(whole, 'trainer', 'the Secret x')).toThrow(
      'the certificate in the Secret x is not for a trainer',
    );
  });
});

describe('files that are no good', () => {
  const dayMs = 86_400_000;
  it.each([
    ['are not there', async (dir: string) => rm(join(dir, 'tls.key')), /tls\.key can't be read: ENOENT/],
    [
      'are no PEM',
      async (dir: string) => writeFile(join(dir, 'ca.crt'), 'x'),
      /ca\.crt is not PEM that can be used/,
    ],
    [
      "don't belong together",
      async (dir: string) => writeFile(join(dir, 'tls.key'), (await authority.issue({})).key),
      /tls\.key in .* is not the key of tls\.crt/,
    ],
    [
      'are over',
      async (dir: string) =>
        void (await writeIdentity(authority, 'trainer', { notAfterMs: Date.now() - dayMs }, dir)),
      /the certificate in .* ended at/,
    ],
    [
      'are for another role',
      async (dir: string) => void (await writeIdentity(authority, 'coordinator', {}, dir)),
      /is not for a trainer: it has no DNS name trainer\.gan-train/,
    ],
  ])('because they %s are refused, and it is said what is wanted', async (_why, spoil, what) => {
    const directory = await writeIdentity(authority, 'trainer');
    await mkdir(directory, { recursive: true });
    await spoil(directory);
    await expect(openTlsIdentity(directory, 'trainer', () => undefined)).rejects.toMatchObject({
      code: 'bad_config',
      what: expect.stringMatching(what) as string,
      todo: 'give the directory of ca.crt, tls.crt and tls.key',
    });
  });
});
