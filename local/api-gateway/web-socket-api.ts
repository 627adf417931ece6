import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ApiDefinition } from './definition.ts';
import { LiveSocket, LONGEST_MESSAGE, type SocketClose } from './live-socket.ts';
import { gatewayId } from './request-ids.ts';
import { selectRoute } from './route-selection.ts';
import { StageThrottle } from './throttle.ts';
import { type TrafficCounters, TrafficMeter } from './traffic.ts';
import { disconnectEvent, messageEvent } from './web-socket-events.ts';
import { Exchange } from './web-socket-exchange.ts';
import {
  type Handshake,
  refuseHandshake,
  shakeHands,
  type WebSocketApiSettings,
} from './web-socket-handshake.ts';
import { runIntegration } from './web-socket-integration.ts';

/**
 * A WebSocket API of API Gateway on a local port: its stages at `/<stage>`, routes, authorizer, limits and error
 * frames. Messages of one socket are dispatched in the order they arrive and do not wait for each other.
 */
export class WebSocketApi {
  readonly definition: ApiDefinition;
  private readonly settings: WebSocketApiSettings;
  private readonly meter = new TrafficMeter();
  private readonly sockets = new Map<string, LiveSocket>();
  private readonly throttles: ReadonlyMap<string, StageThrottle>;
  private readonly subprotocols = new WeakMap<IncomingMessage, string>();
  private readonly upgrades: WebSocketServer;
  private readonly server: Server;
  private readonly connections = new Set<Socket>();

  constructor(settings: WebSocketApiSettings) {
    this.settings = settings;
    this.definition = settings.definition;
    this.throttles = new Map(
      settings.definition.stages.map((stage) => [stage.name, new StageThrottle(stage, settings.clock)]),
    );
    this.upgrades = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: LONGEST_MESSAGE,
      clientTracking: false,
      handleProtocols: () => false, // the $connect integration chooses, see the `headers` event
    });
    this.upgrades.on('headers', (headers, request) => {
      const chosen = this.subprotocols.get(request);
      if (chosen) headers.push(`Sec-WebSocket-Protocol: ${chosen}`);
    });
    this.server = createServer((_, response) => {
      const date = new Date(settings.clock.now()).toUTCString(); // else Node.js tells the host's
      response.writeHead(403, { date, 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
    });
    this.server.on('upgrade', (request, socket, head) => void this.upgrade(request, socket, head));
    this.server.on('connection', (connection) => {
      this.connections.add(connection);
      connection.once('close', () => this.connections.delete(connection));
    });
  }

  /** Serves on `port` (0 takes a free one); the stage's name is appended to the URL by who connects. */
  async listen(port: number): Promise<{ url: string }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return { url: `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}` };
  }

  /** Drops every socket and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.sockets.values()) socket.abandon();
    this.sockets.clear();
    await new Promise((resolve) => {
      this.server.close(resolve);
      for (const connection of this.connections) connection.destroy(); // half-open handshakes too
    });
  }

  counters(): TrafficCounters {
    return this.meter.counters();
  }

  /** The open socket of this id in this stage: undefined once closed, and before its handshake has ended. */
  socket(stage: string, connectionId: string): LiveSocket | undefined {
    const socket = this.sockets.get(connectionId);
    return socket?.facts.stage.name === stage ? socket : undefined;
  }

  /** Sends a message that came through `@connections`; false where the socket is gone. */
  push(socket: LiveSocket, data: Buffer): boolean {
    if (!socket.send(data)) return false;
    this.meter.frameOut(data.length);
    return true;
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const handshake = await shakeHands(request, {
      ...this.settings,
      throttles: this.throttles,
      meter: this.meter,
    });
    if (!handshake.accepted) {
      refuseHandshake(socket, handshake, this.settings.clock.now());
      return;
    }
    this.open(request, socket, head, handshake);
  }

  private open(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { facts, subprotocol }: Extract<Handshake, { accepted: true }>,
  ): void {
    let opened = false;
    if (subprotocol) this.subprotocols.set(request, subprotocol);
    this.upgrades.handleUpgrade(request, socket, head, (ws) => {
      opened = true;
      const live = new LiveSocket(ws, socket, {
        facts,
        clock: this.settings.clock,
        listener: {
          message: (from, body, bytes) => void this.message(from, body, bytes),
          closed: (from, close) => void this.disconnected(from, close),
        },
      });
      this.sockets.set(facts.connectionId, live);
    });
    // the client left while $connect ran: API Gateway still tells $disconnect
    if (!opened) void this.tellDisconnect(facts, { code: 1006, reason: '' });
  }

  private async message(socket: LiveSocket, body: string, bytes: number): Promise<void> {
    const { facts } = socket;
    const billed = this.meter.frameIn(bytes);
    const route = selectRoute(this.definition.routes, this.definition.routeSelection, body);
    const exchange = new Exchange(facts, 'MESSAGE', route?.key ?? '-', this.settings);
    const answer = (text: string) => {
      const data = Buffer.from(text);
      if (!socket.send(data)) return { bytesOut: 0, billedFrames: billed };
      return { bytesOut: data.length, billedFrames: billed + this.meter.frameOut(data.length) };
    };
    const fail = (status: number, message: string, reason: string, functionArn?: string) => {
      const sent = answer(exchange.errorBody(message));
      exchange.end({ status, functionArn, bytesIn: bytes, ...sent, error: { message, reason } });
    };

    if (!route) return fail(403, 'Forbidden', 'no route for the message and no $default');
    if (!this.throttles.get(facts.stage.name)?.admits(route.key)) {
      return fail(429, 'Too Many Requests', 'above the rate and burst limit of the route');
    }
    const event = messageEvent(facts, { ...exchange, messageId: gatewayId() }, body);
    const result = await runIntegration(route, { ...this.settings, ...exchange.invocation(), event });
    if (result.kind === 'error')
      return fail(result.status, result.message, result.reason, result.functionArn);

    const sent = route.answers && result.body ? answer(result.body) : { bytesOut: 0, billedFrames: billed };
    exchange.end({ status: result.status, functionArn: result.functionArn, bytesIn: bytes, ...sent });
  }

  private async disconnected(socket: LiveSocket, close: SocketClose): Promise<void> {
    this.sockets.delete(socket.facts.connectionId);
    await this.tellDisconnect(socket.facts, close);
  }

  private async tellDisconnect(facts: LiveSocket['facts'], close: SocketClose): Promise<void> {
    const route = this.definition.routes.find(({ key }) => key === '$disconnect');
    if (!route) return;
    const exchange = new Exchange(facts, 'DISCONNECT', route.key, this.settings);
    const event = disconnectEvent(facts, exchange, close);
    const result = await runIntegration(route, { ...this.settings, ...exchange.invocation(), event });
    const { status, functionArn } = result;
    const error = result.kind === 'error' ? result : undefined;
    exchange.end({ status, functionArn, bytesIn: 0, bytesOut: 0, billedFrames: 0, error });
  }
}
