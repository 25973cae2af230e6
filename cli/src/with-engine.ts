import { GanTrainError } from '@gan-train/service';

const engineless = /(@tensorflow\/|onnxruntime-|@gan-train\/(trainer|tfjs-backend-onnx)\b)/;

/** Runs what computes. Throws `bad_config` where its packages aren't installed, as in the coordinator's image. */
export async function withEngine<T>(compute: () => Promise<T>): Promise<T> {
  try {
    return await compute();
  } catch (error) {
    const missing = missingPackageOf(error);
    if (missing === undefined || !engineless.test(missing)) throw error;
    throw new GanTrainError(
      'bad_config',
      'this installation has no engine',
      "use the trainer's image",
      error,
    );
  }
}

/** The package that Node says is not there; undefined for all other errors. */
function missingPackageOf(error: unknown): string | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // Of import, and of require.
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  return /^Cannot find (?:package|module) '([^']+)'/.exec(String(message))?.[1];
}
