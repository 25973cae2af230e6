import { join } from 'node:path';
import { logLevelVariable } from '@gan-train/service';
import { expect } from 'vitest';
import { gan, logLines, trainArgs } from '../../support/index.js';
import { config } from './release.js';
import { referenceDirectory } from './tools.js';

/**
 * The hash of the weights after a step of the same run on this machine, without a cluster and with one trainer. It is trained as far as
 * was asked, and goes on when more is.
 */
export async function referenceHash(step: number): Promise<string> {
  const out = referenceDirectory();
  const known = await hashes(out).catch(() => new Map<number, string>());
  if (!known.has(step)) {
    const asked = { ...config, steps: step, trainers: 1, guardEvery: 1, sampleEvery: 0 };
    const more = known.size > 0 ? ['--resume'] : [];
    process.env[logLevelVariable] = 'debug';
    const { code, stderr } = await gan(...trainArgs(out, asked, ...more));
    delete process.env[logLevelVariable];
    expect(code, stderr).toBe(0);
  }
  return (await hashes(out)).get(step) ?? '';
}

async function hashes(out: string): Promise<Map<number, string>> {
  const lines = await logLines(join(out), 'trainer-0.log');
  const said = lines.filter(({ msg }) => msg === 'state hash');
  return new Map(said.map(({ step, hash }) => [Number(step), String(hash)]));
}
