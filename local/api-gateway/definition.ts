/** An API of the template with everything that hangs on it. */
export interface ApiDefinition {
  readonly apiId: string;
  /** `<stack>/<logical id>`, for sentences that speak of it. */
  readonly place: string;
  readonly name: string;
  readonly protocol: 'WEBSOCKET' | 'HTTP';
  /** WebSocket: the path in a JSON message at which the route key stands; empty for HTTP. */
  readonly routeSelection: readonly string[];
  readonly cors?: CorsDefinition;
  readonly routes: readonly RouteDefinition[];
  readonly stages: readonly StageDefinition[];
}

export interface RouteDefinition {
  /** `$connect`, `order.place`, `GET /things/{id}`, … */
  readonly key: string;
  /** A `$connect` route may stand without one. */
  readonly integration?: IntegrationDefinition;
  readonly authorizer?: AuthorizerDefinition;
  /** JWT authorizers: one of these must stand in the token; empty asks for none. */
  readonly scopes: readonly string[];
  /** WebSocket: the integration's body goes back to the socket. */
  readonly answers: boolean;
}

export type IntegrationDefinition = FunctionIntegration | MockIntegration;

interface FunctionIntegration {
  readonly kind: 'function';
  readonly uri: string;
  readonly timeoutMs: number;
  /** HTTP APIs: set where the function speaks the older payload format. @default '2.0' */
  readonly format?: '1.0';
}

interface MockIntegration {
  readonly kind: 'mock';
  readonly status: number;
  /** Absent without an AWS::ApiGatewayV2::IntegrationResponse, which API Gateway answers with an error. */
  readonly response?: string;
}

export type AuthorizerDefinition = RequestAuthorizer | JwtAuthorizer;

export interface RequestAuthorizer {
  readonly kind: 'request';
  readonly authorizerId: string;
  readonly uri: string;
  readonly identitySources: readonly IdentitySource[];
}

export interface JwtAuthorizer {
  readonly kind: 'jwt';
  readonly authorizerId: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly identitySource: IdentitySource;
}

/** Where a credential stands in a request. Header names are lower case. */
export interface IdentitySource {
  readonly in: 'header' | 'querystring';
  readonly name: string;
}

export interface StageDefinition {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What each route may take, where {@link StageDefinition.routeThrottles} names none of its own. */
  readonly throttle?: Throttle;
  readonly routeThrottles: Readonly<Record<string, Throttle>>;
  readonly accessLog?: { readonly group: string; readonly format: string };
}

/** A token bucket: `rate` requests a second, at most `burst` at once. */
export interface Throttle {
  readonly rate: number;
  readonly burst: number;
}

export interface CorsDefinition {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly credentials: boolean;
}
