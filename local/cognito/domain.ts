import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from '../account.ts';
import type { Trail } from '../front-door/trail.ts';
import { readRequest, sourceIpOf } from '../front-door/wire.ts';
import type { Resource } from '../template/resource.ts';
import type { Cognito, Pool } from './pools.ts';
import { only, text, unsupported } from './properties.ts';
import { giveToken, namedClient, type TokenAnswer, type TokenRequest } from './token-endpoint.ts';

/** The host name that AWS serves a pool's domain at; throws where the template asks for what this stand-in does not do. */
export function readDomain(resource: Resource, account: Account): string {
  const { properties } = resource;
  only(resource, properties, ['Domain', 'ManagedLoginVersion', 'UserPoolId']);
  const prefix = text(properties.Domain) ?? '';
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(prefix)) throw unsupported(resource, 'Domain', prefix);
  const reserved = ['amazon', 'aws', 'cognito'].find((word) => prefix.includes(word));
  if (reserved)
    throw new Error(
      `${resource.type} ${resource.logicalId}: Domain cannot contain reserved word: ${reserved}`,
    );
  return `${prefix}.auth.${account.region}.amazoncognito.com`;
}

/** A pool's domain: the token endpoint for machines. Managed login and what belongs to it are not served. */
export class PoolDomain {
  readonly host: string;
  private readonly cognito: Cognito;
  private readonly pool: Pool;
  private readonly trail: Trail;
  private readonly onFault: (error: unknown) => void;
  private readonly server = createServer((incoming, outgoing) => {
    void this.receive(incoming, outgoing).catch((error: unknown) => {
      if (!incoming.errored) this.onFault(error);
      outgoing.destroy();
    });
  });

  constructor(given: {
    host: string;
    cognito: Cognito;
    pool: Pool;
    trail: Trail;
    onFault: (error: unknown) => void;
  }) {
    this.host = given.host;
    this.cognito = given.cognito;
    this.pool = given.pool;
    this.trail = given.trail;
    this.onFault = given.onFault;
  }

  /** Starts on this machine alone, on `port` or, for 0, a free one; gives the URL. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, path, headers, body } = await readRequest(incoming);
    if (path !== '/oauth2/token') return void outgoing.writeHead(404).end();
    if (method !== 'POST') return void outgoing.writeHead(405, { allow: 'POST' }).end();
    const request: TokenRequest = {
      contentType: headers['content-type'] ?? '',
      form: new URLSearchParams(body.toString('utf8')),
      ...(headers.authorization !== undefined && { authorization: headers.authorization }),
    };
    const answer = await giveToken(this.cognito, this.pool, request);
    const status = 'error' in answer ? 400 : 200;
    this.record(request, answer, status, { sourceIp: sourceIpOf(incoming), headers, method, path, body });
    outgoing.writeHead(status, {
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
      date: new Date(this.cognito.clock.now()).toUTCString(),
    });
    outgoing.end(JSON.stringify(answer));
  }

  /** The event that AWS writes of the endpoint (developer guide, "Example CloudTrail events for requests to the token endpoint"). */
  private record(
    request: TokenRequest,
    answer: TokenAnswer,
    status: number,
    wire: { sourceIp: string; headers: Record<string, string>; method: string; path: string; body: Buffer },
  ): void {
    const shown = ['grant_type', 'scope'].map((name) => [name, request.form.getAll(name)] as const);
    const asked = [...shown, ['client_id', [namedClient(request)].filter((id) => id !== undefined)] as const];
    const call = {
      ...wire,
      service: 'cognito-idp',
      operation: 'Token_POST',
      input: {},
      query: new URLSearchParams(),
      requestId: randomUUID(),
    };
    this.trail.write(
      call,
      undefined,
      {
        category: 'Management',
        readOnly: false,
        isServiceEvent: true,
        resources: [],
        requestParameters: null,
        additionalEventData: {
          responseParameters: { status },
          requestParameters: Object.fromEntries(asked.filter(([, values]) => values.length > 0)),
          userPoolDomain: this.host,
          userPoolId: this.pool.settings.id,
        },
      },
      'error' in answer ? { errorCode: answer.error } : {},
    );
  }
}
