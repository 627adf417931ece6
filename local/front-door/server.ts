import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Judge, StatementName } from '../iam/policy.ts';
import type { CredentialStore, IssuedCredentials } from './credentials.ts';
import type { Faults } from './faults.ts';
import type { Meter } from './meter.ts';
import { internalFailure, type Reply, replyWith, replyWithError, requestIdFor } from './reply.ts';
import { requestKeys } from './request-keys.ts';
import { Routing, unknownOperation } from './routing.ts';
import { type Answer, AwsError, type AwsService, type Call } from './service.ts';
import { isSigned, verifySignature, type WireRequest } from './signature.ts';
import type { Trail } from './trail.ts';
import { decodedPath, readRequest, sourceIpOf, traceIdOf } from './wire.ts';

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

/** One request on its way through, filled in as it becomes known. */
interface Passage {
  readonly startedAt: number;
  request?: WireRequest;
  service?: AwsService;
  operation?: string;
  requestId: string;
  call?: Call;
  caller?: IssuedCredentials;
  allowedBy: readonly StatementName[];
  refusal?: string;
  answer?: Answer;
  /** Where a planted fault breaks the connection: before the work, or after it instead of the answer. */
  breaks?: 'before' | 'after';
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
    this.server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
      void this.receive(incoming, outgoing).catch((error: unknown) => {
        this.fault(error);
        outgoing.destroy();
      });
    });
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
      allowedBy: [],
    };
    try {
      const answer = await this.pass(passage, incoming);
      passage.answer = answer;
      this.finish(passage, replyWith(answer, passage.service), outgoing);
    } catch (error) {
      if (!(error instanceof AwsError)) {
        if (incoming.errored) return; // the caller went away before it had said all
        this.fault(error);
      }
      const told = error instanceof AwsError ? error : internalFailure();
      this.finish(passage, replyWithError(told, passage.service), outgoing, told);
    }
  }

  /** The order in which AWS looks at a call: what is it, who is it, may it, and only then the work. */
  private async pass(passage: Passage, incoming: IncomingMessage): Promise<Answer> {
    const request = await readRequest(incoming);
    passage.request = request;
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
      service: service.name,
      operation,
      ...(passage.caller ? { principal: passage.caller.principal } : {}),
      input: readInput(request, service),
      method: request.method,
      path: service.protocol === 'rest' ? decodedPath(request) : '/',
      query: new URLSearchParams(request.query.replaceAll('+', '%2B')), // a plus is a plus: SigV4 has no form encoding
      headers: request.headers,
      body: request.body,
      requestId: passage.requestId,
      sourceIp: sourceIpOf(incoming),
    };
    passage.call = call;
    await this.authorize(passage, call, service, isPublic);
    return this.work(passage, call, service);
  }

  private async authorize(
    passage: Passage,
    call: Call,
    service: AwsService,
    isPublic: boolean,
  ): Promise<void> {
    const authorizations = await service.authorizations(call);
    if (isPublic && authorizations.length === 0) return;
    const { caller } = passage;
    if (!caller || authorizations.length === 0) {
      const who = caller?.principal.arn ?? 'anonymous';
      throw this.refusal(
        passage,
        `User: ${who} is not authorized to perform: ${call.service}:${call.operation}`,
      );
    }
    const keys = requestKeys(call, caller, this.parts.account, this.parts.clock.now());
    const { judge = evaluate } = this.parts;
    const allowedBy: StatementName[] = [];
    for (const authorization of authorizations) {
      const context = { ...keys, ...authorization.context };
      const verdict = judge(caller.principal, { ...authorization, context });
      if (!verdict.allowed) throw this.refusal(passage, verdict.message);
      allowedBy.push(verdict.by);
    }
    passage.allowedBy = allowedBy;
  }

  private refusal(passage: Passage, message: string): AwsError {
    passage.refusal = message;
    return new AwsError('AccessDeniedException', message);
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
    this.writeTrail(passage, error);
    this.record(passage, reply, error);
    if (passage.breaks) outgoing.destroy();
    if (outgoing.destroyed) return;
    outgoing.sendDate = false;
    outgoing.writeHead(reply.status, {
      'x-amzn-requestid': passage.requestId,
      date: new Date(this.parts.clock.now()).toUTCString(), // SDKs correct their clocks by this
      'content-length': reply.body.length,
      ...reply.headers,
    });
    outgoing.end(reply.body);
  }

  /** A call that nobody proved to have made is no event, as in CloudTrail. */
  private writeTrail(passage: Passage, error: AwsError | undefined): void {
    const { call, service, caller, refusal } = passage;
    if (!call || !service || passage.breaks === 'before') return;
    const errorCode = refusal === undefined ? error?.code : 'AccessDenied';
    try {
      this.parts.trail.write(call, caller, service.trail(call), { errorCode, errorMessage: refusal });
    } catch (fault) {
      this.fault(fault);
      const facts = {
        category: 'Management',
        readOnly: false,
        resources: [],
        requestParameters: null,
      } as const;
      this.parts.trail.write(call, caller, facts, { errorCode, errorMessage: refusal });
    }
  }

  private record(passage: Passage, reply: Reply, error: AwsError | undefined): void {
    const { request, caller, service, refusal } = passage;
    const traceId = request && traceIdOf(request.headers);
    this.parts.meter.record({
      at: this.parts.clock.now(),
      requestId: passage.requestId,
      ...(traceId === undefined ? {} : { traceId }),
      ...(caller ? { principal: caller.principal.arn } : {}),
      service: service?.name ?? 'unknown',
      operation: passage.operation ?? 'unknown',
      allowedBy: passage.allowedBy,
      units: passage.answer?.units ?? { read: 0, write: 0 },
      requestBytes: request?.body.length ?? 0,
      responseBytes: passage.breaks ? 0 : reply.body.length,
      status: passage.breaks ? 0 : reply.status,
      ...(error ? { errorCode: error.code } : {}),
      ...(refusal === undefined ? {} : { refusal }),
      durationMs: performance.now() - passage.startedAt,
    });
  }

  private fault(error: unknown): void {
    (this.parts.onFault ?? console.error)(error);
  }
}

/** The JSON object that the operation takes; throws SerializationException for a body that is none. */
function readInput(request: WireRequest, service: AwsService): Call['input'] {
  if (request.body.length === 0) return {};
  if (service.protocol === 'rest' && !/\bjson\b/.test(request.headers['content-type'] ?? '')) return {};
  try {
    const input: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Call['input'];
  } catch {
    // answered below, like a body that is JSON but no object
  }
  if (service.protocol === 'rest') return {};
  throw new AwsError('SerializationException', '');
}
