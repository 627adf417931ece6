import { Stack } from 'aws-cdk-lib';
import { CfnStage, WebSocketApi, WebSocketRoute, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import { accessLog } from './access-log.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Door } from './door.ts';
import type { Logs } from './logs.ts';
import type { Settings } from './settings.ts';

export interface SocketApiProps {
  readonly logs: Logs;
  /** Every door that decides about a frame or a handshake writes its records here. */
  readonly trail: AuditTrail;
  readonly throttle: Settings['throttle'];
  /** Decides who may connect, from the token among the offered subprotocols. */
  readonly authorize: Door;
  /** Answers the handshake with the subprotocol. */
  readonly connect: Door;
  readonly disconnect: Door;
  /** The door of each frame `type`. What it returns goes back on the socket the frame came from. */
  readonly frames: Readonly<Record<string, Door>>;
  /** The door of every other frame, malformed ones included. */
  readonly unknownFrame: Door;
}

const stageName = 'live';

/** The WebSocket API: a frame goes to the door named by its `type`. */
export class SocketApi extends Construct {
  /** One line for each handshake and frame, refused by the gateway or handed on. */
  readonly accessLog: ILogGroup;
  private readonly api: WebSocketApi;
  private readonly stage: WebSocketStage;

  constructor(scope: Construct, id: string, props: SocketApiProps) {
    super(scope, id);
    this.api = new WebSocketApi(this, 'Api', {
      apiName: `${Stack.of(this).stackName}-${id}`,
      routeSelectionExpression: '$request.body.type',
    });

    const authorizer = new WebSocketLambdaAuthorizer('Authorize', props.authorize.function, {
      identitySource: ['route.request.header.Sec-WebSocket-Protocol'],
    });
    const { authorize, disconnect, unknownFrame, frames } = props;
    for (const answering of [authorize, disconnect, unknownFrame, ...Object.values(frames)])
      props.trail.letRecord(answering);
    this.route('$connect', props.connect, { authorizer });
    this.route('$disconnect', props.disconnect);
    this.route('$default', props.unknownFrame, { returnResponse: true });
    for (const [type, door] of Object.entries(props.frames)) this.route(type, door, { returnResponse: true });

    const { logs, throttle } = props;
    this.stage = new WebSocketStage(this, 'Stage', { webSocketApi: this.api, stageName, autoDeploy: true });
    // API Gateway makes this group by itself, unencrypted and for ever, unless it exists (API Gateway developer guide,
    // "Set up CloudWatch logging for WebSocket APIs").
    const executionLog = logs.group(this, 'ExecutionLog', `/aws/apigateway/${this.api.apiId}/${stageName}`);
    this.stage.node.addDependency(executionLog);

    const stage = this.stage.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error('the WebSocket stage has no CloudFormation resource');
    this.accessLog = logs.group(this, 'AccessLog');
    stage.accessLogSettings = accessLog(this.accessLog, 'socket');
    stage.defaultRouteSettings = {
      loggingLevel: 'ERROR',
      dataTraceEnabled: false, // true would write message bodies to the log
      throttlingRateLimit: throttle.requestsPerSecond,
      throttlingBurstLimit: throttle.burst,
    };
  }

  /** `wss://…`: where clients connect. */
  get url(): string {
    return this.stage.url;
  }

  /** Host and stage of the `@connections` API. */
  get connections(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `${this.api.apiId}.execute-api.${region}.${urlSuffix}/${stageName}`;
  }

  /** Lets `door` post frames to open sockets. */
  letPush(door: Door): void {
    this.lendConnections(door, 'PushToSockets', 'POST');
  }

  /** Lets `door` close open sockets. */
  letClose(door: Door): void {
    this.lendConnections(door, 'CloseSockets', 'DELETE');
  }

  /** Holds the stage back until `what` exists. */
  waitFor(what: IDependable): void {
    this.stage.node.addDependency(what);
  }

  private lendConnections(door: Door, name: string, method: 'POST' | 'DELETE'): void {
    door.lend({
      name,
      actions: ['execute-api:ManageConnections'],
      resources: [
        Stack.of(this).formatArn({
          service: 'execute-api',
          resource: this.api.apiId,
          resourceName: `${stageName}/${method}/@connections/*`,
        }),
      ],
    });
    door.tell(env.socketCallbackUrl, this.stage.callbackUrl);
  }

  private route(
    routeKey: string,
    door: Door,
    options: { readonly authorizer?: WebSocketLambdaAuthorizer; readonly returnResponse?: boolean } = {},
  ): void {
    const integration = new WebSocketLambdaIntegration(door.node.id, door.function);
    new WebSocketRoute(this, `${door.node.id}Route`, {
      webSocketApi: this.api,
      routeKey,
      integration,
      ...options,
    });
  }
}
