import type { Account } from '../account.ts';
import { actionIn } from './query-protocol.ts';
import type { RequestHead } from './request-head.ts';
import { AwsError, type AwsService, isStreaming, type StreamingService } from './service.ts';
import { claimedService, type WireRequest } from './signature.ts';
import { decodedPath } from './wire.ts';

/** Finds the service that a request is for, before anything about it is believed. */
export class Routing {
  private readonly services: readonly AwsService[];
  private readonly account: Account;

  constructor(services: readonly AwsService[], account: Account) {
    this.services = services;
    this.account = account;
  }

  /** The service, if any, that takes this request's body as it flows. */
  streaming(request: RequestHead): StreamingService | undefined {
    return this.services.filter(isStreaming).find((service) => service.isFor(request));
  }

  /** A document that AWS serves to anyone, by the service's host name, or by the path alone on another host. */
  publicDocument(request: WireRequest): unknown {
    if (request.method !== 'GET' || request.headers.authorization !== undefined) return undefined;
    const named = this.serviceOfHost(request);
    const path = decodedPath(request);
    for (const service of named ? [named] : this.services) {
      const document = service.publicDocument?.(path);
      if (document !== undefined) return document;
    }
    return undefined;
  }

  /** By `X-Amz-Target` for the JSON protocols, else by the signature's scope or the host; undefined for no service here. */
  service(request: WireRequest): AwsService | undefined {
    const target = request.headers['x-amz-target'];
    if (target !== undefined) {
      const prefix = target.slice(0, target.lastIndexOf('.'));
      return this.services.find(
        ({ targetPrefix, otherTargetPrefix }) => targetPrefix === prefix || otherTargetPrefix === prefix,
      );
    }
    const claimed = claimedService(request.headers);
    const named = this.services.find((service) => service.name === claimed) ?? this.serviceOfHost(request);
    return named?.protocol === 'rest' || named?.protocol === 'query' ? named : undefined;
  }

  /** Throws UnknownOperationException where the service has no such operation. */
  operation(request: WireRequest, service: AwsService): string {
    if (service.protocol === 'rest') {
      const operation = service.operationOf?.(request.method, decodedPath(request));
      if (operation === undefined) throw unknownOperation(404);
      return operation;
    }
    if (service.protocol === 'query') return actionIn(request);
    const target = request.headers['x-amz-target'] ?? '';
    const operation = target.slice(target.lastIndexOf('.') + 1);
    if (request.method !== 'POST' || !/^[A-Za-z]\w*$/.test(operation)) throw unknownOperation();
    return operation;
  }

  /** `kms.us-east-1.amazonaws.com`, or `abc123.execute-api.us-east-1.amazonaws.com`. */
  private serviceOfHost(request: WireRequest): AwsService | undefined {
    const { region, urlSuffix } = this.account;
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    return this.services.find((service) => `.${host}`.endsWith(`.${service.name}.${region}.${urlSuffix}`));
  }
}

/** The request names nothing that is served here. */
export function unknownOperation(status = 400): AwsError {
  return new AwsError('UnknownOperationException', '', status);
}
