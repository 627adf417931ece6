import { format } from 'node:util';
import { errorDocument, errorForLog } from './failure.mjs';

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/**
 * Sends everything the bundle prints to `write`, line by line: console calls in the function's log format, what goes
 * to stdout and stderr as it is.
 * @param {(line: string, requestId: string | undefined) => void} write
 */
export function captureOutput(write) {
  /** @type {string | undefined} */
  let requestId;
  const isJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
  const lowest = isJson ? Math.max(0, levels.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO')) : 0;
  const streams = [process.stdout, process.stderr].map((stream) =>
    captureStream(stream, (line) => write(line, requestId)),
  );

  /** @param {string} level @param {unknown[]} parameters */
  const print = (level, parameters) => {
    if (levels.indexOf(level) < lowest) return;
    const stamp = new Date().toISOString();
    const id = requestId ?? '-';
    const line = isJson
      ? jsonLine(stamp, id, level, parameters)
      : `${stamp}\t${id}\t${level}\t${format(...parameters)}`;
    write(line, requestId);
  };
  for (const level of levels) {
    const method = level.toLowerCase();
    Object.assign(console, {
      [method]: (/** @type {unknown[]} */ ...parameters) => print(level, parameters),
    });
  }
  console.log = console.info;

  return {
    /** @param {string} id */
    belongsTo: (id) => {
      requestId = id;
    },
    /** Writes out a last line that no line break ended. */
    flush: () => {
      for (const flush of streams) flush();
    },
    /** @param {string} title @param {unknown} error */
    logError: (title, error) => {
      if (isJson) print('ERROR', [error instanceof Error ? error : new Error(String(error))]);
      else print('ERROR', [title, `\t${errorForLog(error)}`]);
    },
  };
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {(line: string) => void} write
 */
function captureStream(stream, write) {
  let rest = '';
  /**
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding | ((error?: Error) => void)} [encoding]
   * @param {(error?: Error) => void} [callback]
   */
  stream.write = (chunk, encoding, callback) => {
    const lines = (rest + Buffer.from(/** @type {string} */ (chunk)).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(line);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
  return () => {
    if (rest !== '') write(rest);
    rest = '';
  };
}

/**
 * @param {string} timestamp
 * @param {string} requestId
 * @param {string} level
 * @param {unknown[]} parameters
 */
function jsonLine(timestamp, requestId, level, parameters) {
  const head = { timestamp, level, requestId };
  if (parameters.length === 1) {
    try {
      return JSON.stringify({ ...head, message: parameters[0] }, (_key, value) =>
        value instanceof Error ? stackTraced(value) : value,
      );
    } catch {
      return JSON.stringify({ ...head, message: format(parameters[0]) });
    }
  }
  const error = parameters.slice(1).find((parameter) => parameter instanceof Error);
  return JSON.stringify({
    ...head,
    message: format(...parameters),
    ...(error instanceof Error ? stackTraced(error) : {}),
  });
}

/** @param {Error} error */
function stackTraced(error) {
  const { errorMessage, trace } = errorDocument(error);
  return { errorType: error.constructor.name, errorMessage, stackTrace: trace, ...error };
}
