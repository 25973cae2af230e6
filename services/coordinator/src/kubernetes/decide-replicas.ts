/** What is known of the trainers' StatefulSet and of what was done with it. */
export interface ReplicasView {
  /** What it asks its pods to be. */
  replicas: number;
  /** What the chart's values ask for; undefined where nobody does. */
  asked: number | undefined;
  /** What of that was applied last; undefined before the first time. */
  applied: number | undefined;
  /** How many there were when the run had ended and they were scaled to 0; undefined when that was not done. */
  atEnd: number | undefined;
  isOver: boolean;
  /** A run that is over needs no trainers. */
  scaleToZero: boolean;
}

/** What has to outlive the coordinator's process. */
export type KeptReplicas = Pick<ReplicasView, 'applied' | 'atEnd'>;

export type ReplicasDecision =
  /** The StatefulSet is given another number; what is kept changes with it. */
  | { action: 'scale'; replicas: number; kept: KeptReplicas; reason: string }
  /** The run wants as many trainers as it asks for. */
  | { action: 'follow'; replicas: number; reason: string }
  | { action: 'wait'; reason: string };

/**
 * How many trainers there are to be. The chart's value counts when it changes, so that `kubectl scale` in between stands, and that of
 * the coordinator when a run ends or goes on.
 */
export function decideReplicas(view: ReplicasView): ReplicasDecision {
  const { replicas, asked, applied, atEnd, isOver, scaleToZero } = view;
  if (isOver) {
    // Once: whoever scales it up afterwards has a reason.
    if (!scaleToZero || atEnd !== undefined || replicas === 0)
      return { action: 'wait', reason: 'the run is over' };
    return { action: 'scale', replicas: 0, kept: { applied, atEnd: replicas }, reason: 'the run is over' };
  }
  if (asked !== undefined && asked !== applied) {
    return {
      action: 'scale',
      replicas: asked,
      kept: { applied: asked, atEnd: undefined },
      reason: `${asked} asked for by the chart's values`,
    };
  }
  if (atEnd !== undefined) {
    // Who scaled it up meanwhile knows better.
    const kept = { applied, atEnd: undefined };
    return {
      action: 'scale',
      replicas: replicas === 0 ? atEnd : replicas,
      kept,
      reason: 'the run goes on',
    };
  }
  return { action: 'follow', replicas, reason: 'the StatefulSet asks for them' };
}
