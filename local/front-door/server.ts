import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Judge } from '../iam/policy.ts';
import { callOf, readInput, waitsToGoOn } from './call.ts';
import type { CredentialStore } from './credentials.ts';
import type { Faults } from './faults.ts';
import type { Meter } from './meter.ts';
import { sendReply } from './outgoing.ts';
import { authorize, decide, type Passage } from './passage.ts';
import { queryError } from './query-protocol.ts';
import { recordOf, writeTrail } from './records.ts';
import { internalFailure, type Reply, replyWith, replyWithError, requestIdFor } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import { Routing, unknownOperation } from './routing.ts';
import {
  type Answer,
  AwsError,
  type AwsService,
  type Call,
  isStreaming,
  type StreamingService,
} from './service.ts';
import { isSigned, verifySignature } from './signature.ts';
import type { Trail } from './trail.ts';
import { decodedPath, readHead, readRequest } from './wire.ts';

export interface FrontDoorParts {
  readonly account: Account;
  readonly clock: Clock;
  readonly services: readonly AwsService[];
  readonly credentials: CredentialStore;
  readonly trail: Trail;
  readonly meter: Meter;
  readonly faults: Faults;
  /** @default evaluate */
  readonly judge?: Judge;
  /** Hears of what a service threw that is no answer of AWS; the caller hears `InternalFailure`. @default console.error */
  readonly onFault?: (error: unknown) => void;
}

/**
 * The one address at which every AWS API of a local run is reached. Who calls is known by the signature; what is not
 * allowed is refused, from the first call on, and there is no switch to change that.
 */
export class FrontDoor {
  private readonly parts: FrontDoorParts;
  private readonly routing: Routing;
  private readonly server: Server;
  private readonly closing = new AbortController();

  constructor(parts: FrontDoorParts) {
    this.parts = parts;
    this.routing = new Routing(parts.services, parts.account);
    const take = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      void this.receive(incoming, outgoing).catch((error: unknown) => {
        this.fault(error);
        outgoing.destroy();
      });
    };
    // no time limit for a whole request: an object of 5 GB may take as long as its sender needs
    this.server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, take);
    this.server.on('checkContinue', take);
  }

  /** Starts on this machine alone, on `port` or, for 0, a free one; gives the URL. */
  listen(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
      });
    });
  }

  /** Ends every connection and stops. */
  close(): Promise<void> {
    this.closing.abort(); // whoever is kept waiting by a planted delay
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const passage: Passage = {
      startedAt: performance.now(),
      requestId: requestIdFor(undefined),
      requestBytes: 0,
      allowedBy: [],
    };
    try {
      const answer = await this.pass(passage, incoming, outgoing);
      passage.answer = answer;
      this.finish(passage, replyWith(answer, passage.service), outgoing);
    } catch (error) {
      if (!(error instanceof AwsError)) {
        if (incoming.errored) return; // the caller went away before it had said all
        this.fault(error);
      }
      const told = error instanceof AwsError ? error : internalFailure();
      this.finish(passage, this.replyTo(told, passage), outgoing, told);
    }
  }

  /** The order in which AWS looks at a call: what is it, who is it, may it, and only then the work. */
  private async pass(passage: Passage, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Answer> {
    const head = readHead(incoming);
    passage.request = head;
    const streaming = this.routing.streaming(head);
    if (streaming) return this.passStreamed(passage, head, streaming, incoming, outgoing);

    if (waitsToGoOn(incoming)) outgoing.writeContinue();
    const request = await readRequest(incoming);
    passage.requestBytes = request.body.length;
    const document = this.routing.publicDocument(request);
    if (document !== undefined) return { body: document, headers: { 'content-type': 'application/json' } };

    const service = this.routing.service(request);
    if (!service) throw unknownOperation(request.headers['x-amz-target'] === undefined ? 404 : 400);
    passage.service = service;
    passage.requestId = requestIdFor(service);
    const operation = this.routing.operation(request, service);
    passage.operation = operation;

    const isPublic = service.isPublic?.(operation) ?? false;
    if (!isPublic || isSigned(request.headers)) {
      passage.caller = await verifySignature(request, service.name, this.parts);
    }
    const call: Call = {
      ...callOf(passage, request, service, operation, incoming),
      input: readInput(request, service),
      path: service.protocol === 'rest' ? decodedPath(request) : '/',
      body: request.body,
    };
    passage.call = call;
    const none = isPublic || (service.needsNoPermission?.(operation) ?? false);
    await authorize(passage, call, service, { none }, this.parts);
    return this.work(passage, call, service);
  }

  /** The same order for a service that reads the body itself, as it arrives. */
  private async passStreamed(
    passage: Passage,
    head: RequestHead,
    service: StreamingService,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<Answer> {
    passage.service = service;
    passage.requestId = requestIdFor(service);
    const open = service.answerToAnybody(head);
    if (open) return open;
    const operation = service.operationIn(head);
    passage.operation = operation;
    const caller = service.identify(head);
    passage.caller = caller;
    const call: Call = {
      ...callOf(passage, head, service, operation, incoming),
      streamed: {
        head,
        content: () => {
          if (waitsToGoOn(incoming) && passage.requestBytes === 0) outgoing.writeContinue();
          passage.requestBytes = Number(head.headers['content-length'] ?? 0);
          return incoming;
        },
        judge: (authorization) => decide(passage, call, caller, authorization, this.parts),
      },
    };
    passage.call = call;
    await authorize(passage, call, service, { none: service.decidesByItem(operation) }, this.parts);
    return this.work(passage, call, service);
  }

  private replyTo(error: AwsError, { service, request, requestId }: Passage): Reply {
    if (service?.protocol === 'query') return replyWith(queryError(error, requestId), service);
    if (!service || !isStreaming(service) || !request) return replyWithError(error, service);
    return replyWith(service.answerTo(error, request, requestId), service);
  }

  private async work(passage: Passage, call: Call, service: AwsService): Promise<Answer> {
    for (const effect of this.parts.faults.take(call)) {
      if (effect.kind === 'delay') await this.delay(effect.milliseconds);
      if (effect.kind === 'refuse') throw effect.error(call);
      if (effect.kind === 'loseReply') passage.breaks = 'after';
      if (effect.kind === 'dropBefore') passage.breaks = 'before';
      if (effect.kind === 'dropBefore' || this.closing.signal.aborted)
        throw new AwsError('ConnectionDropped', '');
    }
    return service.handle(call);
  }

  private async delay(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.closing.signal }).catch(() => {});
  }

  /** Trail and meter first, so that whoever has the answer finds the call recorded. */
  private finish(passage: Passage, reply: Reply, outgoing: ServerResponse, error?: AwsError): void {
    const { trail, meter, clock } = this.parts;
    const fault = (found: unknown) => this.fault(found);
    writeTrail(passage, error, trail, fault);
    meter.record(recordOf(passage, reply, error, clock.now(), performance.now()));
    if (passage.breaks) outgoing.destroy();
    sendReply(reply, passage, outgoing, { now: clock.now(), fault });
  }

  private fault(error: unknown): void {
    (this.parts.onFault ?? console.error)(error);
  }
}
