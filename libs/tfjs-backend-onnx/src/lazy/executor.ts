/** Runs plans, keeping the compiled graphs of the latest ones. */
import { createSession, tensorFromValues } from '../onnx/binding.js';
import type { Session, SessionOptions, TensorValues } from '../onnx/binding.js';
import type { GraphInput } from '../emit/writer.js';
import { compilePlan } from './compile.js';
import type { Value } from './graph.js';
import { planFromTargets } from './plan.js';
import type { Plan } from './plan.js';

export interface ExecutorOptions extends SessionOptions {
  /** Compiled graphs that are kept; the one not used for longest goes first. */
  readonly maxSessions: number;
}

export interface ExecutorStats {
  /** Graphs run. */
  runs: number;
  /** Runs whose graph had been compiled before, and those that had to wait for it. */
  cacheHits: number;
  cacheMisses: number;
  /** Compiled graphs held now. */
  sessions: number;
  /** Milliseconds spent in compiling, and in running. */
  compileMs: number;
  runMs: number;
  /** Values stored by all runs. */
  outputs: number;
}

interface CachedSession {
  readonly session: Session;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
}

export class Executor {
  readonly stats: ExecutorStats = {
    runs: 0,
    cacheHits: 0,
    cacheMisses: 0,
    sessions: 0,
    compileMs: 0,
    runMs: 0,
    outputs: 0,
  };
  /** In the order of last use. */
  private readonly sessions = new Map<string, CachedSession>();

  constructor(private readonly options: ExecutorOptions) {}

  /** Computes the pending targets in one run, and what `livePending` will still need of the values on the way. */
  compute(targets: readonly Value[], livePending: Iterable<Value>): void {
    const plan = planFromTargets(
      targets.filter((value) => value.producer),
      livePending,
    );
    if (plan.nodes.length === 0) return;
    try {
      this.run(plan, this.sessionFor(plan));
    } catch (cause) {
      throw new Error(`backend 'onnx' could not compute ${namesOf(plan)}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /** Frees all compiled graphs. */
  dispose(): void {
    for (const { session } of this.sessions.values()) session.dispose();
    this.sessions.clear();
    this.stats.sessions = 0;
  }

  private sessionFor(plan: Plan): CachedSession {
    let cached = this.sessions.get(plan.key);
    if (cached) {
      this.stats.cacheHits++;
      this.sessions.delete(plan.key);
    } else {
      const start = performance.now();
      const { model, inputs, outputs } = compilePlan(plan);
      cached = { session: createSession(model, this.options), inputs, outputs };
      this.stats.cacheMisses++;
      this.stats.compileMs += performance.now() - start;
    }
    this.sessions.set(plan.key, cached);
    this.evict();
    return cached;
  }

  private evict(): void {
    for (const [key, { session }] of this.sessions) {
      if (this.sessions.size <= this.options.maxSessions) break;
      session.dispose();
      this.sessions.delete(key);
    }
    this.stats.sessions = this.sessions.size;
  }

  private run(plan: Plan, { session, inputs, outputs }: CachedSession): void {
    const start = performance.now();
    const feeds = Object.fromEntries(
      inputs.map(({ name, source, type, shape }) => [
        name,
        tensorFromValues(plan.leaves[source]!.data!, type, shape),
      ]),
    );
    const results = session.run(feeds, outputs);
    plan.outputs.forEach((value, i) => {
      value.data = results[outputs[i]!]!.data as TensorValues;
      value.producer = undefined;
    });
    this.stats.runs++;
    this.stats.outputs += plan.outputs.length;
    this.stats.runMs += performance.now() - start;
  }
}

/** Names of the kernels of a plan, each once: ONNX Runtime speaks of its own nodes only. */
function namesOf({ nodes }: Plan): string {
  return [...new Set(nodes.map((node) => node.op.name))].join(', ');
}
