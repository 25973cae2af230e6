/**
 * Every failure that a person or a peer may see. The code says what kind it is, and with it the exit code of
 * a process and the status of an RPC; nothing else decides those.
 */
export const errorCodes = {
  /** An option, file, environment variable or message that can't be right: exit 2. */
  bad_config: 2,
  bad_data: 2,
  bad_checkpoint: 2,
  run_exists: 2,
  run_missing: 2,
  run_locked: 2,
  identity_changed: 2,
  port_taken: 2,
  not_writable: 2,
  engine_missing: 2,
  /** The run failed: exit 1. */
  refused: 1,
  fenced: 1,
  trainer_lost: 1,
  coordinator_lost: 1,
  timeout: 1,
  nonfinite: 1,
  state_mismatch: 1,
  kubernetes: 1,
  protocol: 1,
  io: 1,
  cancelled: 1,
  internal: 1,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The one error type; `what` happened and, where a person can act, what `todo`. */
export class GanTrainError extends Error {
  override readonly name = 'GanTrainError';
  readonly code: ErrorCode;
  readonly what: string;
  readonly todo: string | undefined;

  constructor(code: ErrorCode, what: string, todo?: string, cause?: unknown) {
    super(todo === undefined ? what : `${what}; ${todo}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.what = what;
    this.todo = todo;
  }

  get exitCode(): 1 | 2 {
    return errorCodes[this.code];
  }

  /** The line that a person reads: `error <code>: what; what to do`. */
  get line(): string {
    return `error ${this.code}: ${this.message}`;
  }

  /** Whatever was thrown, as a GanTrainError: itself, or an `internal` one that keeps it as its cause. */
  static from(thrown: unknown): GanTrainError {
    if (thrown instanceof GanTrainError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new GanTrainError('internal', message, undefined, thrown);
  }
}
