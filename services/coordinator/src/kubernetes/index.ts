import {
  createEventSender,
  followPods,
  followStatefulSet,
  openCluster,
  patchConfigMap,
  patchReplicas,
  readConfigMap,
  type EventSender,
  type PodNews,
  type StatefulSetFacts,
} from '@gan-train/kubernetes';
import { GanTrainError, mostTrainers, rarely } from '@gan-train/service';
import type { Run } from '../run.js';
import { decideReplicas, type KeptReplicas } from './decide-replicas.js';
import { eventTextFrom } from './event-text.js';
import { dataFromKept, keptFromData, wholeFrom } from './kept.js';
import { createSharedWork } from './shared-work.js';
import { createStatusWriter } from './status-writer.js';

export interface KubernetesOptions {
  /** Of the Helm release: names begin with it. */
  release: string;
  /** A run that is over needs no trainers. */
  scaleToZero: boolean;
}

/** The run's side towards the cluster that it is in. */
export interface KubernetesSide {
  /** Asks the StatefulSet for so many trainers. Throws `kubernetes`. */
  scale(trainers: number): Promise<void>;
  /** The run is over: says so, and lets the trainers go. */
  over(): Promise<void>;
  close(): Promise<void>;
}

/** In the chart: how many trainers its values ask for. */
const askedAnnotation = 'gan-train/replicas';
const againMs = 5_000;
const flushMs = 3_000;
/** What fails again and again for the same reason is said so seldom. */
const sayAgainMs = 600_000;

/**
 * Follows the trainers' StatefulSet and its pods, and says in the cluster how the run is doing. What the API refuses is logged and tried again: a
 * run never fails for it. Throws `bad_config` where there is no cluster.
 */
export function joinKubernetes(run: Run, options: KubernetesOptions): KubernetesSide {
  const cluster = openCluster();
  const { events, log, config, metrics } = run.context;
  const names = { trainers: `${options.release}-trainer`, status: `${options.release}-status` };
  const stop = new AbortController();
  const lookedAt = run.handle({ kind: 'tick' });
  let seen: StatefulSetFacts | undefined;
  let sender: EventSender | undefined;
  let again: NodeJS.Timeout | undefined;
  /** What the status ConfigMap is to keep, and doesn't yet. */
  let unkept: KeptReplicas | undefined;
  const failed = (what: string) => {
    const say = rarely(sayAgainMs, (reason) => log.warn({ reason }, `${what}: it is tried again`));
    return (error: GanTrainError) => say(error.message);
  };

  // ---- how many trainers there are to be

  async function settleReplicas(): Promise<void> {
    // A run that was over before is over as soon as it has been looked at.
    await lookedAt;
    if (seen === undefined) return;
    await keep();
    const kept = keptFromData(await readConfigMap(cluster, names.status));
    const asked = wholeFrom(seen.annotations[askedAnnotation]);
    const { replicas } = seen;
    const { isOver } = run;
    const decision = decideReplicas({
      replicas,
      asked,
      ...kept,
      isOver,
      scaleToZero: options.scaleToZero,
    });
    switch (decision.action) {
      case 'wait':
        return;
      case 'scale':
        await patchReplicas(cluster, names.trainers, decision.replicas);
        unkept = decision.kept;
        seen = { ...seen, replicas: decision.replicas };
        log.info({ replicas: decision.replicas, reason: decision.reason }, 'scaled');
        sender?.send({
          type: 'Normal',
          reason: 'Scaled',
          message: `${names.trainers} has ${decision.replicas} replicas: ${decision.reason}`,
        });
        await keep();
        if (!isOver) await want(decision.replicas);
        return;
      case 'follow':
        await want(decision.replicas);
    }
  }

  async function keep(): Promise<void> {
    if (unkept === undefined) return;
    await patchConfigMap(cluster, names.status, dataFromKept(unkept));
    unkept = undefined;
  }

  /** With no replicas the run waits for some: it still wants what it can't do without, and nobody is to be alarmed that they aren't there. */
  async function want(replicas: number): Promise<void> {
    const trainers = Math.min(mostTrainers, Math.max(1, config.minTrainers, replicas));
    if (trainers !== run.core.view.wanted) await run.scale(trainers);
    metrics.trainersWanted(replicas === 0 ? 0 : trainers);
  }

  const notSettled = failed('the replicas cannot be settled');
  const settle = createSharedWork(async () => {
    clearTimeout(again);
    try {
      await settleReplicas();
    } catch (thrown) {
      notSettled(GanTrainError.from(thrown));
      again = setTimeout(() => void settle(), againMs).unref();
    }
  });

  function changed(facts: StatefulSetFacts): void {
    if (seen === undefined) begin(facts);
    seen = facts;
    void settle();
  }

  // ---- what is told

  function begin({ name, uid, selector }: StatefulSetFacts): void {
    const { namespace } = cluster;
    const about = { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, namespace };
    sender = createEventSender(cluster, about, failed('events cannot be written'));
    void tellEvents(sender);
    const onFailure = failed('pods cannot be watched');
    void followPods(cluster, selector, { onNews: tellPod, onFailure }, stop.signal);
  }

  async function tellEvents(to: EventSender): Promise<void> {
    for await (const event of events.watch(stop.signal)) {
      const text = eventTextFrom(event);
      if (text !== undefined) to.send(text);
    }
  }

  function tellPod({ kind, reason, message, pod, uid }: PodNews): void {
    log[kind === 'deleting' || kind === 'gone' ? 'info' : 'warn'](
      { pod, kind, reason, detail: message },
      'pod',
    );
    if (kind === 'gone' || kind === 'failed') {
      // One that leaves says so itself when it has left.
      for (const { incarnation, leaving } of run.core.view.trainers)
        if (!leaving && run.link(incarnation)?.podUid === uid)
          void run.handle({ kind: 'lost', incarnation, reason: message, how: 'pod' });
    }
    if (!run.isOver) events.emit({ note: { message, reason } });
  }

  const statusWriter = createStatusWriter(run, cluster, names.status, failed('the status cannot be written'));
  const hooks = { onChange: changed, onFailure: failed('the StatefulSet cannot be watched') };
  void followStatefulSet(cluster, names.trainers, hooks, stop.signal);

  return {
    async scale(trainers) {
      await patchReplicas(cluster, names.trainers, trainers);
    },
    async over() {
      await statusWriter.write();
      await settle();
      await sender?.flush(flushMs);
    },
    async close() {
      await statusWriter.close();
      await sender?.flush(flushMs);
      clearTimeout(again);
      stop.abort();
    },
  };
}
