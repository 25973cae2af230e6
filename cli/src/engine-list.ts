import {
  engineSettingsFrom,
  loadEngineReport,
  type EngineReport,
  type EngineStatus,
} from '@gan-train/trainer/engines';

/** `gan-train engine list`: what this machine can compute with, each tried, and what `auto` takes. */
export async function engineList(json: boolean): Promise<number> {
  const report = await loadEngineReport(engineSettingsFrom(process.env));
  process.stdout.write(`${json ? JSON.stringify(report) : textFromReport(report)}\n`);
  return 0;
}

/** For a person: each engine with its place, the preferred first, then `auto`. */
export function textFromReport({ engines, onnxCudaProvider, auto }: EngineReport): string {
  const provider = onnxCudaProvider.installed
    ? `installed, ${onnxCudaProvider.loads ? 'loads' : `does not load: ${onnxCudaProvider.reason}`}`
    : 'not installed';
  const use = onnxCudaProvider.chosen ? 'chosen by' : 'chosen only by';
  return [
    ...engines.flatMap(linesOf),
    `onnx's CUDA provider: ${provider} (${use} GAN_TRAIN_ONNX_PROVIDER=cuda)`,
    auto.engine === null ? `auto is refused: ${auto.reason}` : `auto takes ${auto.engine}: ${auto.reason}`,
  ].join('\n');
}

function linesOf(engine: EngineStatus): string[] {
  const { name, source, loads, reason, identity, path, tensorflow, cuda, gpu } = engine;
  const made =
    tensorflow === undefined ? '' : `TensorFlow ${tensorflow}${cuda === true ? ' with CUDA' : ''}, `;
  const state = loads ? `${identity}${gpu === true ? ', on a GPU' : ''}` : `${made}does not load: ${reason}`;
  const from = {
    npm: 'by npm',
    'engine add': 'by gan-train engine add',
    GAN_TRAIN_TFJS_NODE: 'named by GAN_TRAIN_TFJS_NODE',
    'built in': 'built in',
  }[source];
  const place = path === undefined ? from : `${from}, in ${path}`;
  return [`${name.padEnd(10)}  ${state}`, `${' '.repeat(12)}${place}`];
}
