import { type Assembly, listOf, type Resource, valueAt } from '../assembly.ts';
import { type Check, every, type Finding, never, ofTypes, type Wish } from '../check.ts';

/** What holds for every way in from outside, and for what travels. */
export const wayInChecks: readonly Check[] = [
  {
    id: 'sockets-authorized',
    promises: 'No socket opens without an authorizer: every WebSocket API asks one at $connect.',
    look: (all) =>
      ofTypes(all, ['AWS::ApiGatewayV2::Api'])
        .filter(({ properties }) => properties.ProtocolType === 'WEBSOCKET')
        .map((api) => {
          const connect = routesOf(api, all).find(({ properties }) => properties.RouteKey === '$connect');
          const kind = connect?.properties.AuthorizationType;
          const isAsked =
            kind === 'AWS_IAM' || (kind === 'CUSTOM' && connect?.properties.AuthorizerId !== undefined);
          const expected = 'CUSTOM with an authorizer, or AWS_IAM';
          return {
            ...{ resource: connect?.path ?? api.path, property: 'AuthorizationType', expected },
            ...{ seen: String(kind ?? 'no $connect route'), holds: isAsked },
          };
        }),
  },
  every(
    'requests-authorized',
    'No HTTP route is open: each asks for an access token with a scope.',
    ['AWS::ApiGatewayV2::Route'],
    () => ({ AuthorizationType: 'JWT', AuthorizationScopes: oneOrMore, AuthorizerId: oneOrMore }),
    (route, all) => protocolOf(route, all) === 'HTTP',
  ),
  every(
    'requests-recorded',
    'Every API writes an access log, and only ids, counts and words of API Gateway into it; no frame or body is traced.',
    ['AWS::ApiGatewayV2::Stage'],
    () => ({
      'AccessLogSettings.DestinationArn': oneOrMore,
      'AccessLogSettings.Format': harmlessFormat,
      'DefaultRouteSettings.DataTraceEnabled': untraced,
    }),
  ),
  every(
    'traffic-limited',
    'Every API takes a limited number of requests a second.',
    ['AWS::ApiGatewayV2::Stage'],
    () => ({
      'DefaultRouteSettings.ThrottlingRateLimit': oneOrMore,
      'DefaultRouteSettings.ThrottlingBurstLimit': oneOrMore,
    }),
  ),
  {
    id: 'tls-only',
    promises: 'Every bucket, queue and topic refuses whoever comes without TLS.',
    look: (all) =>
      ofTypes(all, ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::SNS::Topic']).map((store) =>
        refusesPlain(store, all),
      ),
  },
  {
    id: 'files-scanned',
    promises: 'Every bucket that takes files by presigned requests is scanned for malware.',
    look: (all) =>
      ofTypes(all, ['AWS::S3::Bucket'])
        .filter((bucket) => takesPresigned(bucket, all))
        .map((bucket) => {
          const plan = ofTypes(all, ['AWS::GuardDuty::MalwareProtectionPlan']).find((one) =>
            all.pointsTo(one.properties.ProtectedResource, one.stack).includes(bucket),
          );
          const tagging = valueAt(plan?.properties, 'Actions.Tagging.Status');
          const seen = plan ? `${plan.path}, tagging ${String(tagging)}` : 'none';
          const expected = 'a malware protection plan that tags';
          return { resource: bucket.path, property: 'scan', expected, seen, holds: tagging === 'ENABLED' };
        }),
  },
  never(
    'no-other-way-in',
    'Nothing listens but the two APIs and the user pool: no function has a URL, no machine, network or load balancer stands in the template.',
    ({ type, properties }) => {
      if (/^AWS::(EC2|ElasticLoadBalancing\w*|ECS|EKS|RDS|AppSync|CloudFront|Lightsail)::/.test(type))
        return [['Type', type]];
      if (type === 'AWS::Lambda::Url') return [['Type', type]];
      if (type === 'AWS::Lambda::Permission' && properties.Principal === '*') return [['Principal', '*']];
      return [];
    },
  ),
];

const oneOrMore: Wish = {
  says: 'set',
  fits: (value) => value !== undefined && value !== '' && listOf(value).length > 0,
};

/** Absent is off. */
const untraced: Wish = { says: 'off', fits: (value) => value === undefined || value === false };

/** Variables of API Gateway whose values nobody outside can choose, but for an address and a protocol's own words. */
const harmless =
  /^\$context\.(requestId|extendedRequestId|requestTime|requestTimeEpoch|identity\.sourceIp|routeKey|status|error\.responseType|integration\.(status|requestId|latency|integrationStatus)|connectionId|eventType|messageId|messageDirection|connectedAt|responseLength|responseLatency|apiId|stage|protocol|httpMethod|authorizer\.(principalId|status|requestId|latency|integrationStatus|integrationLatency))$/;

const harmlessFormat: Wish = {
  says: 'named variables that hold nothing a caller wrote',
  fits: (format) => {
    const variables = String(format ?? '').match(/\$context(\.\w+)*|\$\w+(\.\w+)*/g) ?? [];
    return variables.length > 0 && variables.every((variable) => harmless.test(variable));
  },
};

function routesOf(api: Resource, all: Assembly): readonly Resource[] {
  return ofTypes(all, ['AWS::ApiGatewayV2::Route']).filter((route) => apiOf(route, all) === api);
}

function apiOf(route: Resource, all: Assembly): Resource | undefined {
  return all.pointsTo(route.properties.ApiId, route.stack)[0];
}

function protocolOf(route: Resource, all: Assembly): unknown {
  return apiOf(route, all)?.properties.ProtocolType;
}

/** Statements of the policies of a bucket, queue or topic. */
export function ownStatements(store: Resource, all: Assembly): readonly unknown[] {
  return ofTypes(all, ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'])
    .filter(({ properties, stack }) => {
      const { Bucket, Queues, Topics } = properties;
      return all.pointsTo([Bucket, Queues, Topics], stack).includes(store);
    })
    .flatMap(({ properties }) => listOf(valueAt(properties, 'PolicyDocument.Statement')));
}

function refusesPlain(store: Resource, all: Assembly): Finding {
  const holds = ownStatements(store, all).some(
    (statement) =>
      valueAt(statement, 'Effect') === 'Deny' &&
      plainOf(statement) === 'false' &&
      listOf(valueAt(statement, 'Action')).some((action) =>
        /^(s3:\*|sqs:\*|sns:Publish)$/i.test(String(action)),
      ),
  );
  const expected = 'a Deny of every call (of publishing, for a topic) where aws:SecureTransport is false';
  const seen = holds ? 'such a Deny' : 'none';
  return { resource: store.path, property: 'policy', expected, seen, holds };
}

function plainOf(statement: unknown): string {
  const bool = valueAt(statement, 'Condition.Bool');
  return String((bool as Readonly<Record<string, unknown>> | undefined)?.['aws:SecureTransport'] ?? '');
}

/** A bucket that browsers or presigned requests reach: it has rules for origins, or for the age of signatures. */
export function takesPresigned(bucket: Resource, all: Assembly): boolean {
  return (
    bucket.properties.CorsConfiguration !== undefined ||
    ownStatements(bucket, all).some((statement) => JSON.stringify(statement).includes('s3:signatureAge'))
  );
}
