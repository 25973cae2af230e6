import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  noGeneration,
  protocolVersion,
  tripleFromMessage,
  type SessionDown,
  type SessionUp__Output,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { admitEngine, admitProbe } from './admission.js';
import type { Input } from './membership/inputs-and-effects.js';
import type { Run, TrainerLink } from './run.js';
import { createTurns } from './turns.js';

const helloMs = 10_000;

/** One trainer's session: what it says is an input to the run; what the run decides goes down to it. */
export function sessionHandler(run: Run) {
  return (call: ServerDuplexStream<SessionUp__Output, SessionDown>): void => {
    const { log } = run.context;
    let incarnation: string | undefined;
    let isOver = false;
    const send = (message: SessionDown): void => void (call.writable && call.write(message));
    const end = (): void => {
      isOver = true;
      call.end();
    };
    const refuse = (thrown: unknown): void => {
      if (isOver) return;
      const { code, message } = GanTrainError.from(thrown);
      log.warn({ trainer: incarnation, code, reason: message }, 'trainer refused');
      send({ refused: { code, message } });
      lost(message, 'failed');
      end();
    };
    const tooLate = setTimeout(() => {
      if (incarnation === undefined) refuse(new GanTrainError('timeout', 'no hello came'));
    }, helloMs);
    function lost(reason: string, how: 'session' | 'failed'): void {
      clearTimeout(tooLate);
      if (incarnation !== undefined && !isOver) void run.handle({ kind: 'lost', incarnation, reason, how });
      isOver = true;
    }

    // One message after the other, though some wait for the disk.
    const inTurn = createTurns();
    call.on('data', (message: SessionUp__Output) => {
      void inTurn(async () => (isOver ? undefined : handle(message).catch(refuse)));
    });
    call.on('cancelled', () => lost('its session broke', 'session'));
    call.on('error', (error) => lost(`its session broke: ${error.message}`, 'session'));
    call.on('end', () => {
      // After what it said last.
      void inTurn(async () => {
        lost('it ended its session', 'session');
        call.end();
        return Promise.resolve();
      });
    });

    async function handle(up: SessionUp__Output): Promise<void> {
      if (up.hello) {
        if (incarnation !== undefined) throw new GanTrainError('protocol', 'a second hello came');
        const { pid, host, podUid } = up.hello;
        await join(run, up.hello, { pid, host, podUid, send, end });
        incarnation = up.hello.incarnation;
        return;
      }
      if (incarnation === undefined) throw new GanTrainError('protocol', 'the first message must be hello');
      if (up.ready) await admitProbe(run.context, up.ready.probeHash);
      await storeRows(run, up);
      const input = inputFrom(incarnation, up);
      if (input !== undefined) await run.handle(input);
      // The core has it from here: what was said before is handled, and it is not heard again.
      if (input?.kind === 'lost') isOver = true;
    }
  };
}

async function storeRows(run: Run, { ready, progress, prepared, drained }: SessionUp__Output): Promise<void> {
  if (ready && ready.rows.length > 0) await run.storeBroughtRows(ready.rows);
  const of = progress ?? prepared ?? drained;
  if (of && of.rows.length > 0) await run.storeRows(of.rows, of.generation ?? noGeneration);
}

function inputFrom(incarnation: string, up: SessionUp__Output): Input | undefined {
  if (up.ready) {
    const { state, generation } = up.ready;
    return {
      kind: 'ready',
      incarnation,
      state: tripleFromMessage(state),
      generation: generation ?? undefined,
    };
  }
  if (up.progress) {
    const { generation, position, state, ...rest } = up.progress;
    const progress = {
      ...rest,
      generation: generation ?? noGeneration,
      position: position ?? { step: 0, phase: 0 },
      state: tripleFromMessage(state),
    };
    return { kind: 'progress', incarnation, progress };
  }
  if (up.prepared) {
    const { generation, state } = up.prepared;
    return {
      kind: 'prepared',
      incarnation,
      generation: generation ?? noGeneration,
      state: tripleFromMessage(state),
    };
  }
  if (up.drained) {
    const { state, skippedInRow } = up.drained;
    return { kind: 'drained', incarnation, state: tripleFromMessage(state), skippedInRow };
  }
  if (up.stateHash) {
    const { state, hash } = up.stateHash;
    return { kind: 'hash', incarnation, state: tripleFromMessage(state), hash };
  }
  if (up.probed) {
    const { generation, unreachable } = up.probed;
    return { kind: 'probed', incarnation, generation: generation ?? noGeneration, unreachable };
  }
  if (up.leave) return { kind: 'leave', incarnation };
  if (up.failed)
    return { kind: 'lost', incarnation, reason: `${up.failed.code}: ${up.failed.message}`, how: 'failed' };
  return undefined;
}

async function join(
  run: Run,
  hello: NonNullable<SessionUp__Output['hello']>,
  link: TrainerLink,
): Promise<void> {
  const { incarnation, address, protocol, engines, runId: before } = hello;
  const { config, directory, data, log } = run.context;
  const { runId, term } = directory.record;
  if (protocol !== protocolVersion) {
    const what = `it speaks protocol ${protocol}, the coordinator ${protocolVersion}`;
    throw new GanTrainError('refused', what, 'run the same version everywhere');
  }
  if (before !== '' && before !== runId)
    throw new GanTrainError('refused', `it was in run ${before}, and this is ${runId}`);
  const { engine, identityHash } = await admitEngine(run.context, engines);
  link.send({
    config: {
      runId,
      term,
      configJson: JSON.stringify(config),
      identityHash,
      data: { items: data.count, itemBytes: data.itemBytes, hash: data.manifest.hash },
      generation: run.core.view.generation.id,
      engine,
    },
  });
  log.info({ trainer: incarnation, address, pid: link.pid, host: link.host }, 'trainer joined');
  await run.join(incarnation, address, link);
}
