import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roles, type Role } from '@gan-train/rpc';
import { createAuthority, writeIdentity, type Authority } from '@gan-train/rpc/testing';
import { expect, it } from 'vitest';
import {
  clusterStarter,
  directoryOfTests,
  endless,
  expectUndisturbed,
  gan,
  logLines,
  logText,
  scrape,
  startCommand,
  tinyDcgan,
  until,
  type Asked,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: endless, sampleEvery: 100, guardEvery: 100 };
const start = clusterStarter(directory, asked);

const folderOf = (role: Role): string => join(directory, 'tls', role);
const dirs = Object.fromEntries(roles.map((role) => [role, folderOf(role)])) as Record<Role, string>;

async function issueAll(authority: Authority): Promise<void> {
  for (const role of roles) await writeIdentity(authority, role, {}, folderOf(role));
}

it('members with certificates let nobody else in, take new ones while they run, and the weights are the same', async () => {
  const authority = await createAuthority();
  await issueAll(authority);
  const cluster = await start(2, {}, { tlsDirs: dirs });
  await cluster.untilStep(5);
  const address = `127.0.0.1:${cluster.grpcPort}`;

  const foreign = join(directory, 'foreign');
  await writeIdentity(await createAuthority(), 'trainer', {}, foreign);
  const asTrainer = ['trainer', '--coordinator', address, '--listen', '127.0.0.1:0'];
  const strangers = [startCommand(asTrainer), startCommand([...asTrainer, '--tls-dir', foreign])];
  const refusals = async () =>
    (await logLines(cluster.directory, 'coordinator.log')).filter(({ msg }) => msg === 'connection refused');
  await until('refused strangers', async () => {
    const reasons = (await refusals()).map(({ reason }) => String(reason)).join(' ');
    // The one speaks no TLS, the other doesn't trust this authority and hangs up.
    return (reasons.includes('wrong version number') && reasons.includes('ECONNRESET')) || undefined;
  });
  for (const stranger of strangers) stranger.signal('SIGKILL');
  expect(await gan(...asTrainer, '--tls-dir', dirs.coordinator)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error bad_config: .* is not for a trainer/) as string,
  });

  const shown = await gan('status', address, '--tls-dir', dirs.operator, '--json');
  expect(shown).toMatchObject({ code: 0 });
  expect((JSON.parse(shown.stdout) as { trainers: unknown[] }).trainers).toHaveLength(2);
  expect(await gan('status', address)).toMatchObject({ code: 1 });

  const next = await createAuthority();
  // Both are trusted while the one replaces the other.
  await issueAll({ ...next, certificate: `${authority.certificate}\n${next.certificate}` });
  const logs = ['coordinator.log', 'trainer-0.log', 'trainer-1.log'];
  await until('renewed certificates', async () => {
    const lines = await Promise.all(logs.map(async (log) => logLines(cluster.directory, log)));
    return lines.every((of) => of.some(({ msg }) => msg === 'certificate renewed')) || undefined;
  });
  await cluster.scale(3);
  expect((await cluster.untilGeneration(2)).members).toHaveLength(3);
  await cluster.untilStep(cluster.lastStep() + 5);
  const { values } = await scrape(cluster.httpPort);
  expect(values.get('gan_train_tls_not_after_timestamp_seconds')).toBeGreaterThan(Date.now() / 1_000);

  await expectUndisturbed(cluster, asked);
  const key = (await readFile(join(dirs.trainer, 'tls.key'), 'utf8')).split('\n')[1] ?? '';
  expect(key.length).toBeGreaterThan(40);
  for (const log of [...logs, 'trainer-2.log'])
    expect(await logText(cluster.directory, log)).not.toContain(key);
});
