import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startLocalCluster, type LocalCluster, type LocalClusterOptions } from '@gan-train/cli';
import type { Event__Output } from '@gan-train/rpc';
import { expect } from 'vitest';
import type { Asked } from './configs.js';
import { inspected, logText, lossesOf, trained, type TrainedRun } from './run-files.js';
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

export async function startTestCluster(
  options: Omit<LocalClusterOptions, 'onNote'>,
): Promise<TestCluster> {
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
    untilGeneration: async (n: number) =>
      until(`generation ${n}`, () => generations()[n - 1], 60_000),
  });
}

const references = new Map<string, Promise<TrainedRun>>();

/** The run of one trainer that nothing happens to; one of each config a file of tests. */
export async function undisturbed(directory: string, asked: Asked): Promise<TrainedRun> {
  const key = JSON.stringify(asked);
  const known =
    references.get(key) ?? trained(join(directory, `undisturbed-${references.size}`), asked, '--trainers', '1');
  references.set(key, known);
  return known;
}

/** The run ends well, and what it leaves is, byte for byte but for speeds, what the undisturbed one leaves. */
export async function expectSameRun(cluster: TestCluster, asked: Asked, directory: string): Promise<void> {
  await cluster.finished();
  const report = await inspected(cluster.directory);
  const reference = await undisturbed(directory, asked);
  expect(report).toMatchObject({ status: 'finished', weightsHash: reference.weightsHash });
  expect(await lossesOf(cluster.directory)).toEqual(reference.losses);
  expect(await gridsOf(cluster.directory)).toEqual(await gridsOf(reference.out));
  // Whoever watches sees each row once and in order.
  const shown = cluster.reported.flatMap(({ row }) => (row ? [row.step] : []));
  expect(shown).toEqual(reference.losses.slice(1).map(([step]) => Number(step)));
}

async function gridsOf(out: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(join(out, 'samples'))).sort();
  return new Map(
    await Promise.all(names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(out, 'samples', name))])),
  );
}

/** Fails unless the fault that was asked for has happened in a trainer. */
export async function expectFired(cluster: LocalCluster, index: number, what: string): Promise<void> {
  expect(await logText(cluster.directory, `trainer-${index}.log`)).toContain(`fault fired: ${what}`);
}
