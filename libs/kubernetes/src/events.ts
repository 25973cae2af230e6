import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { CoreV1Event, V1ObjectReference } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';
import { abortedBy, askApi } from './ask-api.js';
import type { Cluster } from './cluster.js';

export interface EventText {
  type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  reason: string;
  message: string;
}

/** At most one a second, and so many wait: the oldest go. */
const leastPauseMs = 1_000;
const mostWaiting = 50;
const mostLetters = 1_000;

export interface EventSender {
  send(event: EventText): void;
  /** Resolves when what waits was sent, or after a while. */
  flush(timeoutMs: number): Promise<void>;
}

/** Writes Kubernetes events about one object, as `kubectl describe` and `kubectl get events` show them. */
export function createEventSender(
  cluster: Cluster,
  about: V1ObjectReference,
  onFailure: (error: GanTrainError) => void,
  pauseMs = leastPauseMs,
): EventSender {
  const waiting: EventText[] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      await sendEvent(cluster, about, event).catch((thrown: unknown) =>
        onFailure(GanTrainError.from(thrown)),
      );
      if (waiting.length > 0) await delay(pauseMs);
    }
    sending = undefined;
  }

  return {
    send(event) {
      waiting.push(event);
      if (waiting.length > mostWaiting) waiting.shift();
      sending ??= sendAll();
    },
    async flush(timeoutMs) {
      await Promise.race([sending, delay(timeoutMs, undefined, { ref: false })]);
    },
  };
}

async function sendEvent(cluster: Cluster, about: V1ObjectReference, event: EventText): Promise<void> {
  const { core, namespace } = cluster;
  const now = new Date();
  const body: CoreV1Event = {
    metadata: { generateName: `${about.name}.`, namespace },
    involvedObject: about,
    type: event.type,
    reason: event.reason,
    message: event.message.slice(0, mostLetters),
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    source: { component: 'gan-train-coordinator' },
    reportingComponent: 'gan-train.coordinator',
    reportingInstance: hostname(),
  };
  await askApi('writing an event', async (signal) =>
    core.createNamespacedEvent({ namespace, body }, abortedBy(signal)),
  );
}
