/**
 * The document that Lambda's Node.js runtime makes of what a handler threw.
 * @param {unknown} error
 */
export function errorDocument(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: String(error.name),
    errorMessage: String(error.message),
    trace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}

/**
 * The same error as it stands in the log, with the properties it carries.
 * @param {unknown} thrown
 */
export function errorForLog(thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  try {
    return JSON.stringify(error, (_key, value) => (value instanceof Error ? withProperties(value) : value));
  } catch {
    return JSON.stringify(errorDocument(error));
  }
}

/** @param {Error} error */
function withProperties(error) {
  const code = 'code' in error ? error.code : undefined;
  const stack = typeof error.stack === 'string' ? error.stack.split('\n') : error.stack;
  return { errorType: error.name, errorMessage: error.message, code, ...error, stack };
}
