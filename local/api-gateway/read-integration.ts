import type { Resource } from '../template/resource.ts';
import type { ApiDefinition, IntegrationDefinition } from './definition.ts';
import { propertiesOf, unsupported } from './properties.ts';

/** The longest that API Gateway waits: 29 s for WebSocket, 30 s for HTTP APIs (their quota tables). */
const LONGEST_WAIT_MS = { WEBSOCKET: 29_000, HTTP: 30_000 } as const;

/** An integration with a Lambda function, or a MOCK with its one response. */
export function readIntegration(
  resource: Resource,
  parts: readonly Resource[],
  protocol: ApiDefinition['protocol'],
): IntegrationDefinition {
  const given = propertiesOf(resource, 'AWS::ApiGatewayV2::Integration');
  if (given.IntegrationType === 'MOCK') {
    if (protocol === 'HTTP') throw unsupported(resource, 'IntegrationType MOCK is for WebSocket APIs only');
    return readMock(resource, parts, given.RequestTemplates);
  }
  if (given.RequestTemplates) throw unsupported(resource, 'RequestTemplates is not supported with AWS_PROXY');
  const uri = given.IntegrationUri;
  if (!uri?.includes(':lambda:')) {
    throw unsupported(
      resource,
      `IntegrationUri ${uri} is not a Lambda function, and only those are supported`,
    );
  }
  const format = given.PayloadFormatVersion ?? '1.0';
  if (format !== '1.0' && !(protocol === 'HTTP' && format === '2.0')) {
    throw unsupported(resource, `PayloadFormatVersion ${format} is not supported for ${protocol} APIs`);
  }
  const longest = LONGEST_WAIT_MS[protocol];
  const timeoutMs = given.TimeoutInMillis ?? longest;
  if (timeoutMs < 50 || timeoutMs > longest) {
    throw unsupported(resource, `TimeoutInMillis ${timeoutMs} is not between 50 and ${longest}`);
  }
  return { kind: 'function', uri, timeoutMs, ...(protocol === 'HTTP' && format === '1.0' && { format }) };
}

function readMock(
  resource: Resource,
  parts: readonly Resource[],
  requestTemplates: Readonly<Record<string, string>> | undefined,
): IntegrationDefinition {
  const responses = parts.filter(
    ({ type, properties }) =>
      type === 'AWS::ApiGatewayV2::IntegrationResponse' && properties.IntegrationId === resource.ref,
  );
  if (responses.length > 1) throw unsupported(resource, 'more than one IntegrationResponse is not supported');
  const [response] = responses;
  const templates = response
    ? propertiesOf(response, 'AWS::ApiGatewayV2::IntegrationResponse').ResponseTemplates
    : undefined;
  return {
    kind: 'mock',
    status: mockStatus(resource, onlyTemplate(resource, 'RequestTemplates', requestTemplates)),
    response: response ? (onlyTemplate(response, 'ResponseTemplates', templates) ?? '') : undefined,
  };
}

/** The one template there is; Velocity beyond `$context.<variable>` is refused. */
function onlyTemplate(
  resource: Resource,
  name: string,
  templates: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const all = Object.values(templates ?? {});
  if (all.length > 1) throw unsupported(resource, `${name} with more than one template is not supported`);
  const [text] = all;
  if (text && /[#$]/.test(text.replaceAll(/\$context\.\w+/g, ''))) {
    throw unsupported(resource, `${name} holds Velocity beyond $context variables, which is not supported`);
  }
  return text;
}

function mockStatus(resource: Resource, template: string | undefined): number {
  const status = /"statusCode"\s*:\s*"?(\d{3})"?/.exec(template ?? '')?.[1];
  if (!status) throw unsupported(resource, 'RequestTemplates of a MOCK integration must give a statusCode');
  return Number(status);
}
