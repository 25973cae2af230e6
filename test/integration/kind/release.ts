import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { gan, until } from '../../support/index.js';
import { attemptKubectl, helm, imageTag, kubectl } from './tools.js';

export const chart = fileURLToPath(new URL('../../../helm/gan-train', import.meta.url));
export const release = 'gan-train';
export const trainers = `statefulset/${release}-trainer`;

/** Small, so that a step takes some milliseconds, and endless: tests stop it. The reference is the same run without a cluster. */
export const config = { preset: 'dcgan', width: 8, batch: 32, steps: 1_000_000, sampleEvery: 500, seed: 7 };

/** For helm: this run, with the images under test. */
export function runFlags(): string[] {
  const values = Object.entries(config).map(([name, value]) => `config.${name}=${JSON.stringify(value)}`);
  return ['--set', `image.tag=${imageTag()}`, '--set-json', values.join(',')];
}

export interface RunStatus {
  status: string;
  step: number;
  weightsHash: string;
  trainers_wanted: number;
  trainers: { address: string; host: string; role: string }[];
  events: { time: number; message: string }[];
  doing: string;
}

/** A namespace with the strictest rules for pods, and at most one release of the chart; it goes when the test ends. */
export interface TestRelease {
  readonly namespace: string;
  /** The run, as the command names it. */
  readonly run: string;
  kubectl(...args: string[]): Promise<string>;
  /** `helm upgrade --install` of the chart, with more flags. */
  install(...flags: string[]): Promise<string>;
  pods(): Promise<string[]>;
  status(): Promise<RunStatus>;
  /** Until so many members are at work; says how the run is then. */
  untilMembers(members: number): Promise<RunStatus>;
  untilStep(step: number): Promise<RunStatus>;
  /** Until the run is finished. */
  untilFinished(timeoutMs: number): Promise<RunStatus>;
  /** Until something is said of the run. */
  untilSaid(words: RegExp): Promise<number>;
  /** Stops the run, and says what has become of it. */
  stop(): Promise<RunStatus>;
}

const waitMs = 240_000;
const lookMs = 2_000;

export async function createTestRelease(): Promise<TestRelease> {
  const namespace = `gan-train-test-${randomBytes(3).toString('hex')}`;
  const run = `k8s:${namespace}/${release}`;
  const inNamespace = async (...args: string[]): Promise<string> =>
    kubectl('--namespace', namespace, ...args);
  await kubectl('create', 'namespace', namespace);
  await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  onTestFinished(async ({ task }) => {
    // Before it goes.
    if (task.result?.state === 'fail') await tell(namespace);
    await attemptKubectl(['delete', 'namespace', namespace, '--timeout=180s']);
  }, 200_000);

  async function status(): Promise<RunStatus> {
    const { code, stdout, stderr } = await gan('status', run, '--json');
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as RunStatus;
  }
  /** A look at it every now and then: each takes a process of the command, and processors from the run. */
  const seen = async (): Promise<RunStatus | undefined> => {
    await delay(lookMs);
    return status().catch(() => undefined);
  };

  return {
    namespace,
    run,
    kubectl: inNamespace,
    install: async (...flags) =>
      helm('upgrade', '--install', release, chart, '--namespace', namespace, ...runFlags(), ...flags),
    pods: async () => (await inNamespace('get', 'pods', '--output', 'name')).split('\n'),
    status,
    untilMembers: async (members) =>
      until(
        `${members} members`,
        async () => {
          const now = await seen();
          const roles = now?.trainers.map(({ role }) => role);
          return roles?.length === members && roles.every((role) => role === 'member') ? now : undefined;
        },
        waitMs,
      ),
    untilStep: async (step) =>
      until(
        `step ${step}`,
        async () => {
          const now = await seen();
          return now !== undefined && now.step >= step ? now : undefined;
        },
        waitMs,
      ),
    untilFinished: async (timeoutMs) =>
      until(
        'the end',
        async () => {
          const now = await seen();
          return now?.status === 'finished' ? now : undefined;
        },
        timeoutMs,
      ),
    untilSaid: async (words) =>
      until(
        String(words),
        async () => (await seen())?.events.find(({ message }) => words.test(message))?.time,
        waitMs,
      ),
    async stop() {
      expect(await gan('stop', run)).toMatchObject({ code: 0, stderr: '' });
      const waited = await gan('wait', run, '--for', 'end', '--timeout-seconds', '120');
      expect(waited).toMatchObject({ code: 0, stderr: '' });
      return status();
    },
  };
}

/** What somebody who looks for the reason of a failure needs. */
async function tell(namespace: string): Promise<void> {
  const asks = [
    ['get', 'pods,statefulsets,pvc', '--output', 'wide'],
    ['get', 'events', '--sort-by=.lastTimestamp'],
    ['get', 'configmap', 'gan-train-status', '--output', 'yaml'],
    ['logs', '--selector', 'app.kubernetes.io/name=gan-train', '--tail=60', '--prefix', '--ignore-errors'],
  ];
  for (const ask of asks) {
    const { stdout, stderr } = await attemptKubectl(['--namespace', namespace, ...ask]);
    console.log(`$ kubectl ${ask.join(' ')}\n${stdout}${stderr}`);
  }
}
