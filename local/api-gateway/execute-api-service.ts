import { type Account, arn } from '../account.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import type { LiveSocket } from './live-socket.ts';
import { LONGEST_MESSAGE } from './live-socket.ts';
import type { WebSocketApi } from './web-socket-api.ts';

const OPERATIONS: Readonly<Record<string, string>> = {
  POST: 'PostToConnection',
  GET: 'GetConnection',
  DELETE: 'DeleteConnection',
};

/**
 * The `@connections` API of every WebSocket API (developer guide, "Use @connections commands in your backend service").
 * The API is chosen by the Host header `<api>.execute-api.<region>.amazonaws.com`.
 */
export class ExecuteApiService implements AwsService {
  readonly name = 'execute-api';
  readonly protocol = 'rest';
  private readonly account: Account;
  private readonly apis: ReadonlyMap<string, WebSocketApi>;

  constructor({ account, apis }: { readonly account: Account; readonly apis: readonly WebSocketApi[] }) {
    this.account = account;
    this.apis = new Map(apis.map((api) => [api.definition.apiId, api]));
  }

  operationOf(method: string, path: string): string | undefined {
    return connectionIn(path) ? OPERATIONS[method] : undefined;
  }

  /**
   * `execute-api:ManageConnections` on `…:<api>/<stage>/<METHOD>/@connections/{connectionId}` ("Use IAM authorization"
   * in the WebSocket part of the developer guide). AWS's own refusals name the resource with the placeholder, not with
   * the connection's id: a policy can single out API, stage and method, and no socket.
   */
  authorizations(call: Call): readonly Authorization[] {
    return [{ action: 'execute-api:ManageConnections', resource: this.resourceOf(call) }];
  }

  async handle(call: Call): Promise<Answer> {
    const { api, socket } = this.find(call);
    switch (call.operation) {
      case 'PostToConnection':
        if (call.body.length > LONGEST_MESSAGE) {
          throw new AwsError('PayloadTooLargeException', 'Message too long', 413, {
            connectionId: socket.facts.connectionId,
            requestId: call.requestId,
          });
        }
        if (!api.push(socket, call.body)) throw gone();
        return { body: Buffer.alloc(0) };
      case 'GetConnection':
        return { body: describe(socket) };
      case 'DeleteConnection':
        // a normal closure with no words of anyone's: the API takes neither a code nor a reason
        socket.end({ code: 1000, reason: '' });
        return { status: 204, body: Buffer.alloc(0) };
      default:
        throw new AwsError(
          'UnknownOperationException',
          `${call.operation} is no operation of execute-api`,
          404,
        );
    }
  }

  trail(call: Call): TrailFacts {
    const target = connectionIn(call.path);
    return {
      category: 'Data',
      readOnly: call.operation === 'GetConnection',
      resources: [{ type: 'AWS::ApiGatewayV2::Stage', arn: this.resourceOf(call) }],
      requestParameters: { apiId: apiIdOf(call), stage: target?.stage, connectionId: target?.connectionId },
    };
  }

  private resourceOf(call: Call): string {
    const stage = connectionIn(call.path)?.stage ?? '';
    const path = `${apiIdOf(call)}/${stage}/${call.method}/@connections/{connectionId}`;
    return arn(this.account, 'execute-api', path);
  }

  private find(call: Call): { api: WebSocketApi; socket: LiveSocket } {
    const target = connectionIn(call.path);
    const api = this.apis.get(apiIdOf(call));
    if (!api || !target || !api.definition.stages.some(({ name }) => name === target.stage)) {
      throw new AwsError('ForbiddenException', 'Forbidden', 403);
    }
    const socket = api.socket(target.stage, target.connectionId);
    if (!socket) throw gone();
    return { api, socket };
  }
}

/** A GoneException has no message on AWS, and so no body: SDKs show its name, or its status. */
function gone(): AwsError {
  return new AwsError('GoneException', '', 410);
}

function connectionIn(path: string): { stage: string; connectionId: string } | undefined {
  const [, stage, connectionId] = /^\/([^/]+)\/@connections\/([^/]+)$/.exec(decoded(path)) ?? [];
  return stage && connectionId ? { stage, connectionId } : undefined;
}

/** SDKs encode `=` and `@` in the path; a path that is decoded already stays as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function apiIdOf(call: Call): string {
  return /^([a-z0-9]+)\.execute-api\./.exec(call.headers.host ?? '')?.[1] ?? '';
}

/** GetConnection's answer: ISO 8601 times and who connected. */
function describe(socket: LiveSocket) {
  const { connectedAt, sourceIp, userAgent } = socket.facts;
  return {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, ...(userAgent === undefined ? {} : { userAgent }) },
    lastActiveAt: new Date(socket.lastActiveAt).toISOString(),
  };
}
