import { join } from 'node:path';
import { newestCheckpoint } from '@gan-train/checkpoint';
import { loadRunConfig, loadRunRecord, runExists } from '@gan-train/coordinator';
import { layoutsFromOptions } from '@gan-train/gan/layout';
import { GanTrainError, modelFromConfig, resolveConfig } from '@gan-train/service';
import { isClusterRun } from './cluster-run.js';
import { isRemote } from './coordinator-of.js';

/** `gan-train inspect RUN`: from its files alone, so also while it runs, and anywhere. */
export async function inspect(run: string, json: boolean): Promise<number> {
  if (isRemote(run) && !(await runExists(run))) {
    const where = isClusterRun(run) ? 'in a cluster' : 'that is live elsewhere';
    throw new GanTrainError(
      'bad_config',
      'inspect reads a run directory',
      `for a run ${where} use gan-train status ${run}`,
    );
  }
  const config = resolveConfig(await loadRunConfig(run));
  const record = await loadRunRecord(run);
  const passedOver: string[] = [];
  const found = await newestCheckpoint(join(run, 'checkpoints'), {
    onRejected: (_dir, reason) => passedOver.push(reason),
  });
  const { layouts } = layoutsFromOptions(modelFromConfig(config));
  const parameters = { g: layouts.generator.trainableLength, d: layouts.discriminator.trainableLength };
  const report = {
    runId: record.runId,
    status: record.status,
    ...(record.reason !== undefined && { reason: record.reason }),
    step: found?.manifest.step ?? 0,
    parameters,
    weightsHash: found?.manifest.weightsHash ?? null,
    config,
  };
  for (const reason of passedOver) process.stderr.write(`checkpoint passed over: ${reason}\n`);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const settings = Object.entries(config).flatMap(([name, value]) =>
      value === undefined ? [] : [`  ${name.padEnd(18)} ${String(value)}`],
    );
    const lines = [
      `run          ${report.runId}`,
      `status       ${report.status}${report.reason === undefined ? '' : ` (${report.reason})`}`,
      `step         ${report.step} (newest checkpoint that verifies)`,
      `parameters   generator ${parameters.g.toLocaleString('en')}, discriminator ${parameters.d.toLocaleString('en')}`,
      `weightsHash  ${report.weightsHash ?? 'none yet'}`,
      'config',
      ...settings,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return 0;
}
