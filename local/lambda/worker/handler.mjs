import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** In the order in which Lambda's runtime looks for the file. */
const endings = ['', '.js', '.mjs', '.cjs'];
/** What V8 says of a CommonJS file that is none; nothing of it has run then. */
const moduleSyntax =
  /^(Cannot use import statement outside a module|Unexpected token 'export'|Cannot use 'import\.meta' outside a module)$/;
const callbackHandler =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/**
 * Loads the bundle and finds its handler, with the errors of Lambda's Node.js 24 runtime.
 * @param {string} codeDirectory
 * @param {string} handlerString folders, file without ending, then the path of the export: `index.handler`
 * @returns {Promise<(event: unknown, context: object) => unknown>}
 */
export async function loadHandler(codeDirectory, handlerString) {
  offerRuntimeModules();
  if (handlerString.includes('..')) {
    throw named(
      'Runtime.MalformedHandlerName',
      `'${handlerString}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const [, file, exported] = /^([^.]*)\.(.*)$/.exec(path.basename(handlerString)) ?? [];
  if (file === undefined || exported === undefined)
    throw named('Runtime.MalformedHandlerName', 'Bad handler');
  const loaded = await load(codeDirectory, path.join(path.dirname(handlerString), file));
  const handler = find(loaded, exported) ?? find(/** @type {any} */ (loaded)?.default, exported);
  if (!handler) throw named('Runtime.HandlerNotFound', `${handlerString} is undefined or not exported`);
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerString} is not a function`);
  }
  if (handler.length >= 3) throw named('Runtime.CallbackHandlerDeprecated', callbackHandler);
  return /** @type {(event: unknown, context: object) => unknown} */ (handler);
}

/**
 * Lambda's Node.js runtime brings the AWS SDK for whoever requires it without having packed it (Lambda developer guide,
 * "Runtime-included SDK versions"); here it is the one that this run is installed with.
 */
function offerRuntimeModules() {
  process.env.NODE_PATH = fileURLToPath(new URL('../../../node_modules', import.meta.url));
  /** @type {any} */ (Module)._initPaths();
  delete process.env.NODE_PATH;
}

/**
 * @param {string} codeDirectory
 * @param {string} name
 */
async function load(codeDirectory, name) {
  try {
    for (const ending of endings) {
      const file = path.resolve(codeDirectory, name + ending);
      if (!existsSync(file)) continue;
      return file.endsWith('.js') && !existsSync(path.join(codeDirectory, 'package.json'))
        ? await loadUntyped(file)
        : await import(pathToFileURL(file).href);
    }
    const require = createRequire(path.join(codeDirectory, 'index.js'));
    return require(require.resolve(`./${name}`));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw Object.assign(named('Runtime.UserCodeSyntaxError', String(error)), { stack: error.stack });
    }
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') {
      throw named('Runtime.ImportModuleError', String(error));
    }
    throw error;
  }
}

/**
 * A `.js` file of a package without package.json is CommonJS on Lambda, or ES if its syntax says so; here a
 * package.json above the deployment package may say otherwise and must not be asked.
 * @param {string} file
 */
async function loadUntyped(file) {
  const Untyped = /** @type {any} */ (Module);
  const module = new Untyped(file);
  module.filename = file;
  module.paths = Untyped._nodeModulePaths(path.dirname(file));
  try {
    module._compile(readFileSync(file, 'utf8'), file);
    return module.exports;
  } catch (error) {
    if (error instanceof SyntaxError && moduleSyntax.test(error.message))
      return import(pathToFileURL(file).href);
    throw error;
  }
}

/**
 * @param {unknown} value
 * @param {string} names
 */
function find(value, names) {
  return names
    .split('.')
    .reduce((/** @type {any} */ at, name) => (at && typeof at === 'object' ? at[name] : undefined), value);
}

/**
 * @param {string} name
 * @param {string} message
 */
function named(name, message) {
  return Object.assign(new Error(message), { name });
}
