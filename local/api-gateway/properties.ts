import { z } from 'zod';
import type { Resource } from '../template/resource.ts';

/** CloudFormation passes booleans and numbers as text too. */
const truth = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const off = truth.refine((value) => !value, 'is not supported by the local run').optional();
const number = z.coerce.number();
const whatever = z.unknown().optional();
const texts = z.array(z.string());
const atMost = (count: number) => texts.max(count, `holds more than ${count}`);
const template = z.string().max(300 * 1024, 'is longer than 300 KB');

const routeSettings = z.strictObject({
  ThrottlingRateLimit: number.optional(),
  ThrottlingBurstLimit: number.optional(),
  // execution logs and metrics are not made here, and change no answer
  DataTraceEnabled: whatever,
  DetailedMetricsEnabled: whatever,
  LoggingLevel: whatever,
});

/**
 * The properties of each AWS::ApiGatewayV2 type, with the quotas that AWS raises for nobody (developer guide, "Quotas for
 * configuring and running" HTTP and WebSocket APIs): those with a type are obeyed, `whatever` changes no behaviour,
 * and any other is refused by name.
 */
export const shapes = {
  'AWS::ApiGatewayV2::Api': z.strictObject({
    Name: z.string().optional(),
    ProtocolType: z.enum(['WEBSOCKET', 'HTTP']),
    RouteSelectionExpression: z.string().optional(),
    CorsConfiguration: z
      .strictObject({
        AllowOrigins: texts.optional(),
        AllowMethods: texts.optional(),
        AllowHeaders: texts.optional(),
        ExposeHeaders: texts.optional(),
        MaxAge: number.optional(),
        AllowCredentials: truth.optional(),
      })
      .optional(),
    DisableExecuteApiEndpoint: off,
    Target: z.string().optional(),
    RouteKey: z.string().optional(),
    Description: whatever,
    Tags: whatever,
    Version: whatever,
    IpAddressType: whatever,
    DisableSchemaValidation: whatever,
  }),
  'AWS::ApiGatewayV2::Route': z.strictObject({
    ApiId: z.string(),
    RouteKey: z.string(),
    Target: z.string().optional(),
    AuthorizationType: z.enum(['NONE', 'JWT', 'CUSTOM']).default('NONE'),
    AuthorizerId: z.string().optional(),
    AuthorizationScopes: atMost(10).default([]),
    RouteResponseSelectionExpression: z.literal('$default').optional(),
    ApiKeyRequired: off,
    OperationName: whatever,
  }),
  'AWS::ApiGatewayV2::RouteResponse': z.strictObject({
    ApiId: z.string(),
    RouteId: z.string(),
    RouteResponseKey: z.literal('$default'),
  }),
  'AWS::ApiGatewayV2::Integration': z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.enum(['AWS_PROXY', 'MOCK']),
    IntegrationUri: z.string().optional(),
    PayloadFormatVersion: z.string().optional(),
    TimeoutInMillis: number.optional(),
    RequestTemplates: z.record(z.string(), template).optional(),
    TemplateSelectionExpression: z.string().optional(),
    ConnectionType: z.literal('INTERNET').optional(),
    PassthroughBehavior: whatever,
    IntegrationMethod: whatever,
    Description: whatever,
  }),
  'AWS::ApiGatewayV2::IntegrationResponse': z.strictObject({
    ApiId: z.string(),
    IntegrationId: z.string(),
    IntegrationResponseKey: z.string(),
    ResponseTemplates: z.record(z.string(), template).optional(),
    TemplateSelectionExpression: z.string().optional(),
  }),
  'AWS::ApiGatewayV2::Authorizer': z.strictObject({
    ApiId: z.string(),
    AuthorizerType: z.enum(['REQUEST', 'JWT']),
    AuthorizerUri: z.string().optional(),
    IdentitySource: texts.default([]),
    JwtConfiguration: z.strictObject({ Issuer: z.string(), Audience: atMost(50).default([]) }).optional(),
    AuthorizerResultTtlInSeconds: number
      .refine((seconds) => seconds === 0, 'is not supported by the local run')
      .optional(),
    EnableSimpleResponses: off,
    Name: whatever,
  }),
  'AWS::ApiGatewayV2::Stage': z.strictObject({
    ApiId: z.string(),
    StageName: z.string(),
    AutoDeploy: truth.default(false),
    DeploymentId: z.string().optional(),
    StageVariables: z.record(z.string(), z.string()).default({}),
    DefaultRouteSettings: routeSettings.optional(),
    RouteSettings: z.record(z.string(), routeSettings).default({}),
    AccessLogSettings: z
      .strictObject({
        DestinationArn: z.string().optional(),
        Format: z
          .string()
          .max(3 * 1024, 'is longer than 3 KB')
          .optional(),
      })
      .optional(),
    Description: whatever,
    Tags: whatever,
  }),
  'AWS::ApiGatewayV2::Deployment': z.strictObject({
    ApiId: z.string(),
    StageName: z.string().optional(),
    Description: whatever,
  }),
} as const;

export type GatewayType = keyof typeof shapes;

/** Reads a resource's properties; throws a sentence naming the first that is wrong or not supported. */
export function propertiesOf<T extends GatewayType>(
  resource: Resource,
  type: T,
): z.output<(typeof shapes)[T]> {
  const read = shapes[type].safeParse(resource.properties);
  if (read.success) return read.data as z.output<(typeof shapes)[T]>;

  const [issue] = read.error.issues;
  throw unsupported(resource, issue ? sentenceOf(issue) : 'its properties cannot be read');
}

/** The error for a resource that the local run cannot stand in for. */
export function unsupported(resource: Resource, reason: string): Error {
  return new Error(`${resource.type} ${resource.stack}/${resource.logicalId}: ${reason}`);
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const name = [where, issue.keys[0]].filter(Boolean).join('.');
    return `${name} is not supported by the local run`;
  }
  return `${where} ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}
