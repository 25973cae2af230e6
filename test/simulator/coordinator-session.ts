import type { Input } from '@gan-train/coordinator/membership';
import {
  noGeneration,
  tripleFromMessage,
  type GenerationId,
  type LossRow,
  type SessionDown,
  type SessionUp,
  type Triple,
} from '@gan-train/rpc';
import type { Turns } from './coordinator.js';
import type { EndHooks, StreamEnd } from './stream.js';

/** As services/coordinator/src/session.ts: one message of a session after the other, though some wait for the disk. */
export function serveSession(
  turns: Turns,
): EndHooks<SessionUp> & { begin(end: StreamEnd<SessionDown>): void } {
  const queue: SessionUp[] = [];
  let down: StreamEnd<SessionDown>;
  let incarnation: string | undefined;
  let isHandling = false;
  let isEnding = false;
  let isOver = false;

  function lost(reason: string, how: 'session' | 'failed'): void {
    if (incarnation !== undefined && !isOver) turns.handle({ kind: 'lost', incarnation, reason, how });
    isOver = true;
  }

  const link = {
    send: (message: SessionDown): void => down.send(message),
    end(): void {
      isOver = true;
      down.end();
    },
  };

  function refuse(message: string): void {
    if (isOver) return;
    link.send({ refused: { code: 'protocol', message } });
    lost(message, 'failed');
    link.end();
  }

  function next(): void {
    const message = queue.shift();
    isHandling = message !== undefined;
    if (message === undefined) {
      if (isEnding) lost('it ended its session', 'session');
      return;
    }
    if (isOver) next();
    else handle(message, next);
  }

  function handle(up: SessionUp, done: () => void): void {
    if (up.hello) {
      const { incarnation: said = '', address = '' } = up.hello;
      greet(said, address, done);
      return;
    }
    const rows = (up.ready?.rows ??
      up.progress?.rows ??
      up.prepared?.rows ??
      up.drained?.rows ??
      []) as LossRow[];
    const then = (error?: string): void => {
      if (error !== undefined) {
        refuse(error);
        done();
        return;
      }
      const input = inputFrom(incarnation as string, up);
      if (input === undefined) done();
      else turns.handle(input, done);
      if (input?.kind === 'lost') isOver = true;
    };
    // Who has drained says so in the generation that it is in, or not at all.
    const said = (up.progress ?? up.prepared ?? up.ready)?.generation as GenerationId | undefined;
    const of = up.drained ? turns.core.view.generation.id : said;
    if (rows.length > 0) turns.storeRows(rows, of, then);
    else then();
  }

  function greet(said: string, address: string, done: () => void): void {
    link.send({
      config: {
        runId: 'run',
        term: turns.term,
        configJson: '{}',
        identityHash: 'identity',
        data: { items: 1, itemBytes: 1, hash: '' },
        generation: turns.core.view.generation.id,
        engine: 'simulated',
      },
    });
    turns.join(said, address, link, () => {
      incarnation = said;
      done();
    });
  }

  return {
    begin: (end) => void (down = end),
    heard(message) {
      queue.push(message);
      if (!isHandling) next();
    },
    closed(how) {
      if (how === 'broke') lost('its session broke', 'session');
      else {
        // After what it said last.
        isEnding = true;
        if (!isHandling) next();
      }
    },
  };
}

const tripleOf = (message: unknown): Triple => tripleFromMessage(message as Triple);

function inputFrom(incarnation: string, up: SessionUp): Input | undefined {
  if (up.ready) {
    const generation = up.ready.generation as GenerationId | undefined;
    return {
      kind: 'ready',
      incarnation,
      state: tripleOf(up.ready.state),
      generation: generation ?? undefined,
    };
  }
  if (up.progress) {
    const progress = up.progress as Extract<Input, { kind: 'progress' }>['progress'];
    return { kind: 'progress', incarnation, progress };
  }
  if (up.prepared) {
    const { generation, state } = up.prepared;
    return {
      kind: 'prepared',
      incarnation,
      generation: (generation ?? noGeneration) as GenerationId,
      state: tripleOf(state),
    };
  }
  if (up.drained) return { kind: 'drained', incarnation, state: tripleOf(up.drained.state), skippedInRow: 0 };
  if (up.stateHash)
    return { kind: 'hash', incarnation, state: tripleOf(up.stateHash.state), hash: up.stateHash.hash ?? '' };
  if (up.probed) {
    const { generation, unreachable } = up.probed;
    return {
      kind: 'probed',
      incarnation,
      generation: (generation ?? noGeneration) as GenerationId,
      unreachable: unreachable ?? [],
    };
  }
  if (up.leave) return { kind: 'leave', incarnation };
  if (up.failed) return { kind: 'lost', incarnation, reason: up.failed.message ?? '', how: 'failed' };
  return undefined;
}
