import { Duration, Stack } from 'aws-cdk-lib';
import {
  HttpApi as Api,
  CfnStage,
  CorsHttpMethod,
  HttpMethod,
  HttpStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SCOPE } from '../functions/wiring/claims.ts';
import { PURPOSE_HEADER } from '../protocol/purposes.ts';
import { accessLog } from './access-log.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Door } from './door.ts';
import type { Logs } from './logs.ts';
import type { Settings } from './settings.ts';
import type { SignIn } from './sign-in.ts';

export interface HttpApiProps {
  readonly signIn: SignIn;
  readonly logs: Logs;
  /** Every door of a route writes its records here. */
  readonly trail: AuditTrail;
  readonly throttle: Settings['throttle'];
  readonly allowedOrigins: readonly string[];
  /** The door of each route, e.g. `GET /me`. */
  readonly routes: Readonly<Record<string, Door>>;
}

/** The HTTP API: every route takes an access token of ours with the scope `wardline/user`. */
export class HttpApi extends Construct {
  /** One line for each request, refused by the gateway or handed on. */
  readonly accessLog: ILogGroup;
  private readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: HttpApiProps) {
    super(scope, id);
    const { signIn, logs, throttle, allowedOrigins } = props;
    const api = new Api(this, 'Api', {
      apiName: `${Stack.of(this).stackName}-${id}`,
      createDefaultStage: false,
      corsPreflight: allowedOrigins.length > 0 ? corsFor(allowedOrigins) : undefined,
      defaultAuthorizer: new HttpUserPoolAuthorizer('Verify', signIn.pool, {
        userPoolClients: [signIn.client],
      }),
      defaultAuthorizationScopes: [SCOPE],
    });
    for (const [route, door] of Object.entries(props.routes)) {
      props.trail.letRecord(door);
      const { method, path } = parseRoute(route);
      api.addRoutes({
        path,
        methods: [method],
        integration: new HttpLambdaIntegration(door.node.id, door.function),
      });
    }

    this.stage = new HttpStage(this, 'Stage', { httpApi: api, autoDeploy: true });
    const stage = this.stage.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error('the HTTP stage has no CloudFormation resource');
    this.accessLog = logs.group(this, 'AccessLog');
    stage.accessLogSettings = accessLog(this.accessLog, 'http');
    stage.defaultRouteSettings = {
      throttlingRateLimit: throttle.requestsPerSecond,
      throttlingBurstLimit: throttle.burst,
    };
  }

  get url(): string {
    return this.stage.url;
  }
}

function corsFor(origins: readonly string[]) {
  return {
    allowOrigins: [...origins],
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.DELETE],
    allowHeaders: ['authorization', 'content-type', PURPOSE_HEADER],
    maxAge: Duration.hours(1),
  };
}

function parseRoute(route: string): { method: HttpMethod; path: string } {
  const [verb, path] = route.split(' ');
  const method = Object.values(HttpMethod).find((known) => known === verb);
  if (!method || !path?.startsWith('/')) {
    throw new Error(`a route is a method and a path, e.g. "GET /me"; "${route}" is not`);
  }
  return { method, path };
}
