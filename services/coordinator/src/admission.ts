import { GanTrainError, hashFromIdentity, identityDifferences, identityFromConfig } from '@gan-train/service';
import type { RunContext } from './run.js';

export interface Engine {
  name: string;
  identity: string;
}

/** The engine for a trainer that has these; throws `refused`. Freezes the run's identity the first time. */
export async function admitEngine(
  { config, directory, data, log }: RunContext,
  engines: readonly Engine[],
): Promise<{ engine: string; identityHash: string }> {
  const frozen = directory.record.identity;
  const name = frozen === undefined ? config.engine : String(frozen.engine);
  const engine = name === 'auto' ? engines[0] : engines.find((candidate) => candidate.name === name);
  if (engine === undefined) {
    const have = engines.map((candidate) => candidate.name).join(', ');
    throw new GanTrainError('refused', `engine ${name} does not load in this trainer, which has ${have}`);
  }
  const content = { data: data.manifest.hash, init: directory.record.initHash };
  const identity = identityFromConfig(config, content, engine);
  const identityHash = hashFromIdentity(identity);
  if (frozen === undefined) {
    await directory.save({ identity, identityHash });
    log.info({ engine: engine.name, engineIdentity: engine.identity, identityHash }, 'identity frozen');
  } else if (directory.record.identityHash !== identityHash) {
    const differences = identityDifferences(frozen, identity).join('; ');
    throw new GanTrainError('refused', `this trainer would compute another run: ${differences}`);
  }
  return { engine: engine.name, identityHash };
}

/** With exact numerics every trainer's probe shard must hash to what the first one's did. Throws `refused`. */
export async function admitProbe({ config, directory }: RunContext, probeHash: string): Promise<void> {
  const known = directory.record.probeHash;
  if (known === undefined) await directory.save({ probeHash });
  else if (known !== probeHash && config.numerics === 'exact') {
    throw new GanTrainError(
      'refused',
      'this trainer computes other bits than the run began with (another CPU kind, engine or library version)',
      'use machines of one kind, or begin a run with --numerics agree',
    );
  }
}
