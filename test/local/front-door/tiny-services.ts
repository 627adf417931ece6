import type { AwsService, Call, TrailFacts } from '../../../local/front-door/service.ts';

export const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/Notes';
export const key = 'arn:aws:kms:us-east-1:111122223333:key/k1';

/** The least that has the shape of AWS's services; KMS tells of each call that arrives, all note those that are done. */
export function tinyServices(calls: Call[], arrived: () => void): readonly AwsService[] {
  return [keys(calls, arrived), tables(calls), connections(calls), pools(calls)];
}

function keys(calls: Call[], arrived: () => void): AwsService {
  return {
    name: 'kms',
    protocol: 'json-1.1',
    targetPrefix: 'TrentService',
    authorizations(call) {
      arrived();
      return [{ action: `kms:${call.operation}`, resource: key }];
    },
    async handle(call) {
      if (call.input.KeyId === 'broken') throw new Error('secret detail');
      calls.push(call);
      return { body: { KeyMetadata: { KeyId: call.input.KeyId } } };
    },
    trail: (call) => facts('Management', true, 'AWS::KMS::Key', key, { keyId: call.input.KeyId }),
  };
}

function tables(calls: Call[]): AwsService {
  return {
    name: 'dynamodb',
    protocol: 'json-1.0',
    targetPrefix: 'DynamoDB_20120810',
    authorizations: ({ operation }) =>
      operation === 'PutItem'
        ? [
            { action: 'dynamodb:PutItem', resource: table },
            {
              action: 'kms:Decrypt',
              resource: key,
              context: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' },
            },
          ]
        : [],
    async handle(call) {
      calls.push(call);
      return { body: {}, units: { read: 0, write: 1 } };
    },
    trail: (call) => facts('Data', false, 'AWS::DynamoDB::Table', table, { tableName: call.input.TableName }),
  };
}

function connections(calls: Call[]): AwsService {
  return {
    name: 'execute-api',
    protocol: 'rest',
    operationOf: (method, path) =>
      method === 'POST' && /^\/\w+\/@connections\/[^/]+$/.test(path) ? 'PostToConnection' : undefined,
    authorizations: (call) => [
      {
        action: 'execute-api:ManageConnections',
        resource: `arn:aws:execute-api:us-east-1:111122223333:api${call.path}`,
      },
    ],
    async handle(call) {
      calls.push(call);
      return {};
    },
    trail: () => facts('Data', false, 'AWS::ApiGatewayV2::Api', 'arn:aws:execute-api:::api', null),
  };
}

function pools(calls: Call[]): AwsService {
  return {
    name: 'cognito-idp',
    protocol: 'json-1.1',
    targetPrefix: 'AWSCognitoIdentityProviderService',
    publicDocument: (path) => (path === '/us-east-1_pool/.well-known/jwks.json' ? { keys: [] } : undefined),
    isPublic: (operation) => operation === 'InitiateAuth',
    authorizations: () => [],
    async handle(call) {
      calls.push(call);
      return { body: { ChallengeName: 'PASSWORD_VERIFIER' } };
    },
    trail: () => ({
      ...facts('Management', false, 'AWS::Cognito::UserPool', 'arn:aws:cognito-idp:::pool', null),
      additionalEventData: { sub: 's-1' },
    }),
  };
}

function facts(
  category: TrailFacts['category'],
  readOnly: boolean,
  type: string,
  arn: string,
  requestParameters: unknown,
): TrailFacts {
  return { category, readOnly, resources: [{ type, arn }], requestParameters };
}
