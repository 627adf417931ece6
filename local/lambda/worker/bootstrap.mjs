/**
 * What stands around a bundle inside its worker: the environment that the bundle meets is Lambda's, and the
 * event loop stands still between two events, as in a frozen execution environment. Plain JavaScript, so that a
 * cold start loads nothing but this folder and the bundle.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import v8 from 'node:v8';
import workerThreads from 'node:worker_threads';
import { followClock } from './clock.mjs';
import { errorDocument } from './failure.mjs';
import { loadHandler } from './handler.mjs';
import { routeToFrontDoor } from './network.mjs';
import { captureOutput } from './output.mjs';

/**
 * @typedef {object} Boot what the service hands to a new environment
 * @property {SharedArrayBuffer} clockOffset
 * @property {SharedArrayBuffer} doorbell one 32-bit count of the events posted so far
 * @property {string} codeDirectory
 * @property {string} handler
 * @property {string} frontDoor URL
 * @property {string} urlSuffix
 */

/**
 * @typedef {object} Delivery one event
 * @property {string} requestId
 * @property {string} event JSON text
 * @property {string} invokedFunctionArn
 * @property {string} traceId
 * @property {number} deadline milliseconds since the epoch
 */

const { receiveMessageOnPort } = workerThreads;
const parentPort = /** @type {import('node:worker_threads').MessagePort} */ (workerThreads.parentPort);
const boot = /** @type {Boot} */ (workerThreads.workerData);
const doorbell = new Int32Array(boot.doorbell);
const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

hideTheMachine();
followClock(boot.clockOffset);
routeToFrontDoor(new URL(boot.frontDoor), boot.urlSuffix);
const output = captureOutput((line, requestId) => parentPort.postMessage({ type: 'log', line, requestId }));
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) => die('Unhandled Promise Rejection', unhandled(reason), 128));
void serve();

async function serve() {
  let handler;
  try {
    handler = await loadHandler(boot.codeDirectory, boot.handler);
  } catch (error) {
    die('Init Error', error, 1);
    return;
  }
  output.flush();
  parentPort.postMessage({ type: 'ready' });
  for (let taken = 0; ; taken++) {
    Atomics.wait(doorbell, 0, taken);
    // One turn before the event, so that sockets closed during the freeze are seen to be closed.
    await oneTurn();
    const delivery = /** @type {Delivery} */ (receiveMessageOnPort(parentPort)?.message);
    await answer(handler, delivery);
  }
}

/**
 * @param {(event: unknown, context: object) => unknown} handler
 * @param {Delivery} delivery
 */
async function answer(handler, delivery) {
  const { requestId } = delivery;
  process.env._X_AMZN_TRACE_ID = delivery.traceId;
  output.belongsTo(requestId);
  let reply;
  try {
    const result = await handler(JSON.parse(delivery.event), contextOf(delivery));
    await oneTurn();
    reply = { type: 'done', requestId, body: asJson(result) };
  } catch (error) {
    await oneTurn();
    output.logError('Invoke Error', error);
    reply = { type: 'failed', requestId, error: errorDocument(error) };
  }
  output.flush();
  parentPort.postMessage({ ...reply, memoryMb: usedMemoryMb() });
}

/** @param {Delivery} delivery */
function contextOf({ requestId, invokedFunctionArn, traceId, deadline }) {
  return {
    clientContext: undefined,
    identity: undefined,
    invokedFunctionArn,
    awsRequestId: requestId,
    tenantId: undefined,
    xRayTraceId: traceId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

/** @param {unknown} value */
function asJson(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    throw Object.assign(new Error('Unable to stringify response body'), {
      name: 'Runtime.JSONStringifyError',
    });
  }
}

/** @param {unknown} reason */
function unhandled(reason) {
  return Object.assign(new Error(String(reason)), { name: 'Runtime.UnhandledPromiseRejection', reason });
}

/**
 * @param {string} title
 * @param {unknown} error
 * @param {number} status
 */
function die(title, error, status) {
  output.logError(title, error);
  output.flush();
  parentPort.postMessage({ type: 'fatal', error: errorDocument(error), memoryMb: usedMemoryMb() });
  process.exit(status);
}

function usedMemoryMb() {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return Math.ceil((heap + external) / 2 ** 20);
}

/** A bundle sees a process of its own, not a worker of this one, and nobody's home directory (the SDK reads ~/.aws). */
function hideTheMachine() {
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null, threadId: 0 });
  os.homedir = () => '/home/sbx_user1051';
  process.argv.splice(1, process.argv.length, '/var/runtime/index.mjs');
  syncBuiltinESMExports();
}
