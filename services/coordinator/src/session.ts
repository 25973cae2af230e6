import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  protocolVersion,
  tripleFromMessage,
  type SessionDown,
  type SessionUp__Output,
  type Triple,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { Run, TrainerEntry } from './run.js';

const helloMs = 10_000;

/** One trainer's session: what it says changes its entry; what the run decides goes down to it. */
export function sessionHandler(run: Run, initialState: Triple) {
  return (call: ServerDuplexStream<SessionUp__Output, SessionDown>): void => {
    const { log } = run.context;
    let entry: TrainerEntry | undefined;
    const send = (message: SessionDown): void => void (call.writable && call.write(message));
    const refuse = (thrown: unknown): void => {
      const { code, message } = GanTrainError.from(thrown);
      log.warn({ trainer: entry?.incarnation, code, reason: message }, 'trainer refused');
      send({ refused: { code, message } });
      call.end();
      if (entry !== undefined) run.lose(entry, message, 'failed');
    };
    const tooLate = setTimeout(() => {
      if (entry === undefined) refuse(new GanTrainError('timeout', 'no hello came'));
    }, helloMs);

    // One message after the other, though some wait for the disk.
    let handled: Promise<void> = Promise.resolve();
    call.on('data', (message: SessionUp__Output) => {
      if (entry !== undefined) entry.heardAtMs = performance.now();
      handled = handled.then(async () => handle(message)).catch(refuse);
    });
    const lost = (reason: string): void => {
      clearTimeout(tooLate);
      if (entry !== undefined) run.lose(entry, reason, 'session');
    };
    call.on('cancelled', () => lost('its session broke'));
    call.on('error', (error) => lost(`its session broke: ${error.message}`));
    call.on('end', () => {
      lost('it ended its session');
      call.end();
    });

    async function handle(up: SessionUp__Output): Promise<void> {
      if (up.hello) {
        entry = await join(up.hello);
        return;
      }
      if (entry === undefined) throw new GanTrainError('protocol', 'the first message must be hello');
      const isMember = entry.status === 'member' || entry.status === 'prepared';
      if (up.ready) {
        await run.admitProbe(up.ready.probeHash);
        entry.status = 'ready';
        run.wake();
      } else if (up.progress) {
        if (up.progress.rows.length > 0) await run.storeRows(up.progress.rows);
      } else if (up.prepared && isMember && isCurrent(up.prepared.generation)) {
        entry.state = tripleFromMessage(up.prepared.state);
        entry.status = 'prepared';
        run.wake();
      } else if (up.drained && isMember) {
        if (up.drained.rows.length > 0) await run.storeRows(up.drained.rows);
        entry.state = tripleFromMessage(up.drained.state);
        entry.status = 'drained';
        run.wake();
      } else if (up.failed) {
        run.lose(entry, `${up.failed.code}: ${up.failed.message}`, 'failed');
      }
    }

    async function join(hello: NonNullable<SessionUp__Output['hello']>): Promise<TrainerEntry> {
      if (hello.protocol !== protocolVersion) {
        const what = `it speaks protocol ${hello.protocol}, the coordinator ${protocolVersion}`;
        throw new GanTrainError('refused', what, 'run the same version everywhere');
      }
      const { config, directory, data } = run.context;
      const { engine, identityHash } = await run.admitEngine(hello.engines);
      const joined: TrainerEntry = {
        incarnation: hello.incarnation,
        address: hello.address,
        status: 'joined',
        heardAtMs: performance.now(),
        reason: undefined,
        state: undefined,
        send,
      };
      const { runId, term } = directory.record;
      const info = { items: data.count, itemBytes: data.itemBytes, hash: data.manifest.hash };
      send({
        config: {
          runId,
          term,
          configJson: JSON.stringify(config),
          identityHash,
          data: info,
          state: initialState,
          engine,
          hasCheckpoint: directory.checkpoint !== undefined,
        },
      });
      log.info(
        { trainer: hello.incarnation, address: hello.address, pid: hello.pid, host: hello.host },
        'trainer joined',
      );
      run.addTrainer(joined);
      return joined;
    }

    function isCurrent(generation: { term: number; n: number } | null): boolean {
      return generation?.term === run.generation.term && generation.n === run.generation.n;
    }
  };
}
