import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventsFrom, gan, trainArgs } from './command.js';
import type { Asked } from './configs.js';

export interface InspectReport {
  runId: string;
  status: string;
  reason?: string;
  step: number;
  parameters: { g: number; d: number };
  weightsHash: string | null;
  config: Record<string, unknown>;
}

export interface TrainedRun {
  out: string;
  /** Of the final checkpoint, as `train` reports it. */
  weightsHash: string;
  /** gan_loss.csv without the speeds. */
  losses: string[][];
}

/** Trains to the end and reads the run's files; fails the test when it doesn't end well. */
export async function trained(out: string, asked: Asked, ...more: string[]): Promise<TrainedRun> {
  const { code, stdout, stderr } = await gan(...trainArgs(out, asked, ...more));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const last = eventsFrom(stdout).findLast(({ event }) => event === 'checkpoint');
  expect(last?.weightsHash).toMatch(/^[0-9a-f]{64}$/);
  return { out, weightsHash: String(last?.weightsHash), losses: await lossesOf(out) };
}

export async function inspected(out: string): Promise<InspectReport> {
  const { code, stdout, stderr } = await gan('inspect', out, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as InspectReport;
}

/** The table of losses, header included, without the last column: speeds are all that may differ between equal runs. */
export async function lossesOf(out: string): Promise<string[][]> {
  const lines = (await csvOf(out)).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => line.split(',').slice(0, -1));
}

export const csvOf = async (out: string): Promise<string> => readFile(join(out, 'gan_loss.csv'), 'utf8');

/** The `step` column. */
export const stepsOf = (losses: readonly string[][]): number[] =>
  losses.slice(1).map(([step]) => Number(step));

export const countTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

/** Steps of the checkpoints in a run directory, ascending; none before the first. */
export async function checkpointSteps(out: string): Promise<number[]> {
  const names = await readdir(join(out, 'checkpoints')).catch(() => []);
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

export const readJson = async (...path: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, unknown>;

export interface TrainerFacts {
  pid: number;
  /** Where it serves its peers. */
  address: string;
  httpPort: number;
}

/** What the logs of a running `train` say about its trainers, in the order in which they were started. */
export async function trainersOf(out: string): Promise<TrainerFacts[]> {
  const logs = (await readdir(join(out, 'logs'))).filter((name) => name.startsWith('trainer-')).sort();
  const joined = (await logLines(out, 'coordinator.log')).filter(({ msg }) => msg === 'trainer joined');
  const facts = logs.map(async (log) => {
    const listening = (await logLines(out, log)).findLast(({ msg }) => msg === 'listening');
    const { pid } = joined.findLast(({ address }) => address === listening?.address) ?? {};
    return { pid, address: listening?.address, httpPort: listening?.httpPort } as TrainerFacts;
  });
  return Promise.all(facts);
}

export const logText = async (out: string, name: string): Promise<string> =>
  readFile(join(out, 'logs', name), 'utf8');

/** The whole lines of a log; the last one may still be on its way. */
export async function logLines(out: string, name: string): Promise<Record<string, unknown>[]> {
  const lines = (await logText(out, name)).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The coordinator's pid and ports while it runs. */
export async function liveOf(out: string): Promise<{ pid: number; grpcPort: number; httpPort: number }> {
  return (await readJson(out, 'live.json')) as { pid: number; grpcPort: number; httpPort: number };
}
