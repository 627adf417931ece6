import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';

/**
 * Leads every TLS connection to an AWS host to the front door instead, unencrypted and with the request's own Host
 * header, and refuses every other host that is not this machine (ENETUNREACH). It stands under node:https, global
 * fetch and whatever else opens sockets, so the bundle's own agents and their limits stay as deployed.
 * @param {URL} frontDoor
 * @param {string} urlSuffix `amazonaws.com`
 */
export function routeToFrontDoor(frontDoor, urlSuffix) {
  const connectSocket = net.Socket.prototype.connect;
  const connectTls = tls.connect;

  /** @this {net.Socket} @param {any[]} parameters */
  net.Socket.prototype.connect = function connect(...parameters) {
    const { host, port, path } = destinationOf(parameters);
    if (!path && (isLoopback(host) || host === frontDoor.hostname)) {
      return connectSocket.apply(this, /** @type {any} */ (parameters));
    }
    return refuse(this, path || host, port);
  };

  /** @param {any[]} parameters */
  tls.connect = function connect(...parameters) {
    const { host, options } = destinationOf(parameters);
    if (!host.toLowerCase().endsWith(`.${urlSuffix}`)) {
      return connectTls(.../** @type {[any]} */ (parameters));
    }
    const { timeout, keepAlive, keepAliveInitialDelay } = options;
    const socket = net.connect({
      host: frontDoor.hostname.replace(/^\[|\]$/g, ''),
      port: Number(frontDoor.port || 80),
      noDelay: true,
      timeout,
      keepAlive,
      keepAliveInitialDelay,
    });
    const onSecure = parameters.at(-1);
    if (typeof onSecure === 'function') socket.once('secureConnect', onSecure);
    socket.once('connect', () => socket.emit('secureConnect'));
    return /** @type {any} */ (
      Object.assign(socket, { encrypted: true, authorized: true, alpnProtocol: false })
    );
  };
  syncBuiltinESMExports();
}

/**
 * Where net.connect or tls.connect is to lead: `(options)`, `(port, host)`, `(path)`, or Node's own normalised form.
 * @param {any[]} parameters
 */
function destinationOf(parameters) {
  const [first, second] = Array.isArray(parameters[0]) ? parameters[0] : parameters;
  const isPath = typeof first === 'string' && Number.isNaN(Number(first));
  const options =
    typeof first === 'object' && first !== null
      ? first
      : isPath
        ? { path: first }
        : { port: first, host: typeof second === 'string' ? second : undefined };
  return { options, host: String(options.host ?? 'localhost'), port: options.port, path: options.path };
}

/** @param {string} host */
function isLoopback(host) {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^(::ffff:)?127\./.test(host);
}

/**
 * @param {net.Socket} socket
 * @param {string} address
 * @param {number | undefined} port
 */
function refuse(socket, address, port) {
  const error = Object.assign(new Error(`connect ENETUNREACH ${address}${port ? `:${port}` : ''}`), {
    errno: -101,
    code: 'ENETUNREACH',
    syscall: 'connect',
    address,
    port,
  });
  Object.assign(socket, { connecting: true });
  process.nextTick(() => socket.destroy(error));
  return socket;
}
