import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { errorCodes, GanTrainError, type ErrorCode } from '@gan-train/service/errors';

const codeKey = 'gan-train-code';
const mostDetails = 1000;

const statusOf: Partial<Record<ErrorCode, status>> = {
  bad_config: status.INVALID_ARGUMENT,
  protocol: status.INVALID_ARGUMENT,
  run_missing: status.NOT_FOUND,
  fenced: status.FAILED_PRECONDITION,
  refused: status.FAILED_PRECONDITION,
  timeout: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  internal: status.INTERNAL,
};

/** The one place where an error of ours becomes a gRPC status; the code travels in the trailers. */
export function statusFromError(thrown: unknown): Partial<StatusObject> {
  const error = GanTrainError.from(thrown);
  const metadata = new Metadata();
  metadata.set(codeKey, error.code);
  // A status message is an HTTP header: one line, of a bounded length.
  const details = [...error.message.replaceAll(/\s+/g, ' ')].slice(0, mostDetails).join('');
  return { code: statusOf[error.code] ?? status.UNKNOWN, details, metadata };
}

const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCodes, code);

/** The way back: a gRPC error as ours. Without our trailer the status decides: no connection is `unavailable`'s code given. */
export function errorFromStatus(thrown: unknown, unavailable: ErrorCode): GanTrainError {
  // Our own errors and Node's have a code too: words, not a status.
  const { code, details, metadata } = (thrown ?? {}) as Partial<ServiceError>;
  if (typeof code !== 'number') return GanTrainError.from(thrown);
  const ours = metadata?.get(codeKey)[0];
  const message = details === undefined || details === '' ? status[code] : details;
  if (isErrorCode(ours)) return new GanTrainError(ours, message, undefined, thrown);
  const mapped: Partial<Record<status, ErrorCode>> = {
    [status.UNAVAILABLE]: unavailable,
    [status.DEADLINE_EXCEEDED]: 'timeout',
    [status.CANCELLED]: 'cancelled',
    [status.RESOURCE_EXHAUSTED]: 'protocol',
    [status.PERMISSION_DENIED]: 'refused',
  };
  return new GanTrainError(mapped[code] ?? 'internal', message, undefined, thrown);
}
