import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startLocalCluster, type LocalCluster, type LocalClusterOptions } from '@gan-train/cli';
import type { Event__Output } from '@gan-train/rpc';
import { faultSign, logLevelVariable } from '@gan-train/service';
import { expect } from 'vitest';
import type { Asked } from './configs.js';
import { countTo, inspected, logLines, logText, lossesOf, trained, type InspectReport } from './run-files.js';
import { until } from './until.js';

/** A cluster under test, and all that its run has reported. */
export interface TestCluster extends LocalCluster {
  readonly reported: readonly Event__Output[];
  readonly notes: readonly string[];
  /** Resolves once a row of this step or a later one was reported. */
  untilStep(step: number): Promise<void>;
  /** Resolves with the n-th generation that was reported, counted from 1. */
  untilGeneration(n: number): Promise<NonNullable<Event__Output['generation']>>;
  lastStep(): number;
}

const clusters: LocalCluster[] = [];

/** Kills what a failed test left running. */
export async function endClusters(): Promise<void> {
  for (const cluster of clusters.splice(0)) {
    cluster.kill();
    await cluster.finished().catch(() => undefined);
  }
}

export async function startTestCluster(options: Omit<LocalClusterOptions, 'onNote'>): Promise<TestCluster> {
  const notes: string[] = [];
  const cluster = await startLocalCluster({ ...options, onNote: (note) => notes.push(note) });
  clusters.push(cluster);
  const reported: Event__Output[] = [];
  void (async () => {
    for await (const event of cluster.events()) reported.push(event);
  })();
  const lastStep = (): number => reported.findLast(({ row }) => row)?.row?.step ?? 0;
  const generations = () => reported.flatMap(({ generation }) => generation ?? []);
  // Not spread: what a getter says changes.
  return Object.assign(Object.create(cluster) as LocalCluster, {
    reported,
    notes,
    lastStep,
    untilStep: async (step: number) =>
      void (await until(`step ${step}`, () => (lastStep() >= step ? true : undefined), 60_000)),
    untilGeneration: async (n: number) => until(`generation ${n}`, () => generations()[n - 1], 60_000),
  });
}

/** Starts clusters of one config in a directory, one after the other. */
export function clusterStarter(directory: string, asked: Asked) {
  let made = 0;
  return async (
    trainers: number,
    change: Asked = {},
    more: Partial<LocalClusterOptions> = {},
  ): Promise<TestCluster> => {
    const out = join(directory, `run-${++made}`);
    return startTestCluster({ asked: { ...asked, trainers, ...change }, out, trainers, ...more });
  };
}

/** The run of one trainer that nothing happens to, with all that it was at each step. */
export interface Reference {
  /** The run's config; it ends at the reference's last step at the latest. */
  asked: Asked;
  out: string;
  losses: string[][];
  hashes: Map<number, string>;
}

export async function trainReference(directory: string, asked: Asked): Promise<Reference> {
  const every = { ...asked, guardEvery: 1, sampleEvery: 1, trainers: 1 };
  const out = join(directory, 'reference');
  process.env[logLevelVariable] = 'debug';
  try {
    const { losses } = await trained(out, every);
    const lines = (await logLines(out, 'trainer-0.log')).filter(({ msg }) => msg === 'state hash');
    return {
      asked,
      out,
      losses,
      hashes: new Map(lines.map(({ step, hash }) => [Number(step), String(hash)])),
    };
  } finally {
    delete process.env[logLevelVariable];
  }
}

/**
 * The run ends well, and what it leaves is, byte for byte but for speeds, what the reference was at its last step. Whoever watches
 * sees each row once and in order, unless the run `goesBack` to a checkpoint.
 */
export async function expectSameRun(
  cluster: TestCluster,
  reference: Reference,
  { goesBack = false } = {},
): Promise<void> {
  const { step, status } = await endWell(cluster);
  expect(['finished', 'stopped']).toContain(status);
  await compareRuns(cluster.directory, reference);
  expectShown(cluster, step, goesBack);
}

/** Fails unless whoever watched has seen each row until a step once and in order, or at least so many when the run `goesBack`. */
export function expectShown({ reported }: TestCluster, step: number, goesBack: boolean): void {
  const shown = reported.flatMap(({ row }) => (row ? [row.step] : []));
  if (goesBack) expect(shown.length).toBeGreaterThanOrEqual(step);
  else expect(shown).toEqual(countTo(step));
}

/** Fails unless the run in a directory is what the reference was at its last step. */
export async function compareRuns(out: string, reference: Reference): Promise<void> {
  const { step, weightsHash } = await inspected(out);
  expect(weightsHash).toBe(reference.hashes.get(step));
  expect(await lossesOf(out)).toEqual(reference.losses.slice(0, step + 1));
  await expectGrids(out, reference, step);
}

/** Stops the run once it goes on, and says what it has become. */
export async function endWell(cluster: TestCluster): Promise<InspectReport> {
  await untilGoesOn(cluster);
  // A run that is over, or about to be, can't be asked any more.
  await cluster.drain('the test has seen enough').catch(() => undefined);
  await cluster.finished();
  return inspected(cluster.directory);
}

/** Rows come again, or the run is over. */
async function untilGoesOn({ reported }: TestCluster): Promise<void> {
  const rows = (): number => reported.filter(({ row }) => row).length;
  const before = rows();
  const isOver = (): boolean => reported.some(({ finished, failed }) => finished ?? failed);
  await until('another step', () => rows() > before + 1 || isOver() || undefined, 60_000);
}

/** Every grid that is due is there, and none else, with the reference's bytes. */
async function expectGrids(out: string, reference: Reference, step: number): Promise<void> {
  const every = Number(reference.asked.sampleEvery);
  const due = countTo(step).filter((s) => s % every === 0 || s === step);
  const names = (await readdir(join(out, 'samples'))).sort();
  expect(names.map((name) => Number.parseInt(name, 10))).toEqual(due);
  for (const name of names) {
    const [own, expected] = await Promise.all(
      [out, reference.out].map(async (run) => readFile(join(run, 'samples', name))),
    );
    expect(own?.equals(expected as Buffer), name).toBe(true);
  }
}

/** How the coordinator closed its generations: after a phase, or at once. */
export async function closings(cluster: LocalCluster): Promise<{ atOnce: boolean; reason: string }[]> {
  const lines = await logLines(cluster.directory, 'coordinator.log');
  return lines.filter(({ msg }) => msg === 'generation closed') as never;
}

/** Lines of a trainer's log with this message. */
export async function said(
  cluster: LocalCluster,
  index: number,
  message: string,
): Promise<Record<string, unknown>[]> {
  return (await logLines(cluster.directory, `trainer-${index}.log`)).filter(({ msg }) => msg === message);
}

/** Fails unless the fault that was asked for has happened in a trainer. */
export async function expectFired(cluster: LocalCluster, index: number, what: string): Promise<void> {
  const text = await logText(cluster.directory, `trainer-${index}.log`);
  expect(text.includes(`${faultSign}: ${what}`), `${what} in trainer ${index}`).toBe(true);
}
