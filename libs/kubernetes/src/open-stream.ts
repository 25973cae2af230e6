import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getByTls, type RequestOptions } from 'node:https';
import { addAbortSignal } from 'node:stream';
import { ApiException } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';
import type { Cluster } from './cluster.js';

const keepAliveMs = 30_000;
const mostLetters = 16_384;

/**
 * A GET whose answer goes on: resolves with its head, and whoever reads it closes it. Throws ApiException, with the words of the API. The client's own
 * Watch and Log can't be aborted before the head, and Log drops those words.
 *
 * @param signal until the head has come
 */
export async function openStream(
  { config }: Cluster,
  path: string,
  query: Record<string, string | number | boolean | undefined>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(`${config.getCurrentCluster()?.server}${path}`);
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(key, String(value));
  const options: RequestOptions = { signal };
  await config.applyToHTTPSOptions(options);
  const request = (url.protocol === 'http:' ? get : getByTls)(url, options);
  // What breaks after the head breaks the answer as well, and is told there.
  request.on('error', () => undefined);
  request.setSocketKeepAlive(true, keepAliveMs);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw await exceptionFrom(response);
  return response;
}

/** What the client throws for such an answer. */
export async function exceptionFrom(response: IncomingMessage): Promise<ApiException<string>> {
  let body = '';
  response.setEncoding('utf8');
  for await (const piece of response as AsyncIterable<string>) {
    body += piece;
    if (body.length > mostLetters) break;
  }
  return new ApiException(response.statusCode ?? 0, response.statusMessage ?? '', body, {});
}

/** The lines of an answer until it ends or the signal aborts; then it is closed. Throws `kubernetes` when the connection breaks. */
export async function* linesOf(
  response: IncomingMessage,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let rest = '';
  try {
    addAbortSignal(signal, response).setEncoding('utf8');
    for await (const piece of response as AsyncIterable<string>) {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (signal.aborted) return;
        yield line;
      }
    }
    if (rest !== '' && !signal.aborted) yield rest;
  } catch (thrown) {
    if (signal.aborted) return;
    const { message } = GanTrainError.from(thrown);
    throw new GanTrainError('kubernetes', `${what}: the connection broke (${message})`, undefined, thrown);
  }
}
