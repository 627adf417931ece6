// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are those of Fn::Sub
import { join } from 'node:path';
import { type App, CfnCondition, CfnMapping, CfnOutput, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import * as apigw from 'aws-cdk-lib/aws-apigatewayv2';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';

/** Tennis courts: what they keep, and then everything that runs. Written by another hand, on purpose. */
export function courts(app: App) {
  base(new Stack(app, 'CourtsBase'));
  service(new Stack(app, 'CourtsService'));
}

function base(stack: Stack) {
  const env = new CfnParameter(stack, 'Env', {
    type: 'String',
    default: 'dev',
    allowedValues: ['dev', 'prod'],
  });
  const isProd = new CfnCondition(stack, 'IsProd', { expression: Fn.conditionEquals(env, 'prod') });
  const key = new kms.CfnKey(stack, 'CourtKey', {
    keyPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Root',
          Effect: 'Allow',
          Principal: { AWS: Fn.sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    },
  });
  const throughput = Fn.conditionIf(
    'IsProd',
    { Ref: 'AWS::NoValue' },
    { ReadCapacityUnits: '5', WriteCapacityUnits: 5 },
  );
  const table = new dynamodb.CfnTable(stack, 'Bookings', {
    billingMode: Fn.conditionIf(isProd.logicalId, 'PAY_PER_REQUEST', 'PROVISIONED').toString(),
    provisionedThroughput: throughput,
    attributeDefinitions: [
      { attributeName: 'court', attributeType: 'S' },
      { attributeName: 'slot', attributeType: 'S' },
      { attributeName: 'member', attributeType: 'S' },
      { attributeName: 'price', attributeType: 'N' },
    ],
    keySchema: [
      { attributeName: 'court', keyType: 'HASH' },
      { attributeName: 'slot', keyType: 'RANGE' },
    ],
    globalSecondaryIndexes: [
      {
        indexName: 'byMember',
        keySchema: [
          { attributeName: 'member', keyType: 'HASH' },
          { attributeName: 'slot', keyType: 'RANGE' },
        ],
        projection: { projectionType: 'ALL' },
        provisionedThroughput: throughput,
      },
    ],
    localSecondaryIndexes: [
      {
        indexName: 'byPrice',
        keySchema: [
          { attributeName: 'court', keyType: 'HASH' },
          { attributeName: 'price', keyType: 'RANGE' },
        ],
        projection: { projectionType: 'INCLUDE', nonKeyAttributes: ['member'] },
      },
    ],
    streamSpecification: { streamViewType: 'KEYS_ONLY' },
    sseSpecification: { sseEnabled: true, sseType: 'KMS', kmsMasterKeyId: key.ref },
  } as unknown as dynamodb.CfnTableProps);
  const pool = new cognito.CfnUserPool(stack, 'Members', {
    adminCreateUserConfig: { allowAdminCreateUserOnly: true },
    policies: { passwordPolicy: { minimumLength: 6, requireNumbers: true } },
    usernameConfiguration: { caseSensitive: false },
  });
  const client = new cognito.CfnUserPoolClient(stack, 'Web', {
    userPoolId: pool.ref,
    explicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    idTokenValidity: 30,
    accessTokenValidity: 30,
    tokenValidityUnits: { idToken: 'minutes', accessToken: 'minutes' },
  });
  const out = (id: string, value: string) =>
    new CfnOutput(stack, id, { value, exportName: Fn.sub(`\${AWS::StackName}:${id}`) });
  out('Table', table.ref);
  out('TableArn', table.attrArn);
  out('Stream', table.attrStreamArn);
  out('KeyArn', key.attrArn);
  out('Pool', pool.ref);
  out('Client', client.ref);
}

function service(stack: Stack) {
  const imported = (name: string) => Fn.importValue(`CourtsBase:${name}`);
  const sizes = new CfnMapping(stack, 'Sizes', {
    mapping: { small: { memory: '128', hold: 15 }, large: { memory: '512', hold: 30 } },
  });
  const size = new CfnParameter(stack, 'Size', { default: 'small' });
  const code = new Asset(stack, 'Code', { path: join(import.meta.dirname), exclude: ['*.ts'] });
  const bus = new events.CfnEventBus(stack, 'CourtBus', { name: Fn.join('-', [stack.stackName, 'bus']) });
  const dead = new sqs.CfnQueue(stack, 'Parked', { messageRetentionPeriod: 1209600 });
  const queue = new sqs.CfnQueue(stack, 'Announcements', {
    visibilityTimeout: 60,
    redrivePolicy: { deadLetterTargetArn: dead.attrArn, maxReceiveCount: '3' },
  });

  const role = new iam.CfnRole(stack, 'AllRole', {
    path: '/courts/',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: ['lambda.amazonaws.com', 'scheduler.amazonaws.com'] },
        Action: ['sts:AssumeRole'],
      },
    },
    managedPolicyArns: [
      Fn.sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'),
      'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole',
      'arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole',
    ],
    policies: [
      {
        policyName: 'data',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'dynamodb:*',
              Resource: [imported('TableArn'), Fn.sub('${T}/index/*', { T: imported('TableArn') })],
            },
            {
              Effect: 'Allow',
              Action: ['kms:Decrypt', 'kms:Describe*', 'kms:GenerateDataKey*', 'kms:CreateGrant'],
              Resource: imported('KeyArn'),
            },
          ],
        },
      },
    ],
  });
  new iam.CfnPolicy(stack, 'Reach', {
    policyName: 'reach',
    roles: [role.ref],
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'events:PutEvents',
          Resource: Fn.sub('arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/${CourtBus}'),
        },
        {
          Effect: 'Allow',
          Action: 'execute-api:*',
          Resource: Fn.sub('arn:aws:execute-api:${AWS::Region}:*:${Ws}/live/*'),
        },
        { Effect: 'Allow', Action: 'lambda:Invoke*', Resource: '*' },
      ],
    },
  });
  const frozen = new iam.CfnRole(stack, 'FrozenRole', {
    assumeRolePolicyDocument: {
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    },
    policies: [
      { policyName: 'all', policyDocument: { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } },
      {
        policyName: 'but',
        policyDocument: {
          Statement: {
            Effect: 'Deny',
            NotAction: ['dynamodb:Get*', 'logs:*', 'kms:*'],
            NotResource: 'arn:aws:s3:::*',
          },
        },
      },
    ],
  });

  const fn = (id: string, handler: string, more: object = {}) =>
    new lambda.CfnFunction(stack, id, {
      runtime: 'nodejs20.x',
      packageType: 'Zip',
      handler: `handlers.${handler}`,
      role: role.attrArn,
      code: { s3Bucket: code.s3BucketName, s3Key: code.s3ObjectKey },
      timeout: 10,
      memorySize: sizes.findInMap(size.valueAsString, 'memory'),
      environment: {
        variables: {
          BOOKINGS: imported('Table'),
          BUS: bus.ref,
          HOLD: sizes.findInMap(size.valueAsString, 'hold'),
          SOCKETS: Fn.sub('https://${Ws}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live'),
        },
      },
      ...more,
    } as unknown as lambda.CfnFunctionProps);
  const may = (id: string, target: lambda.CfnFunction, principal: string, sourceArn: string) =>
    new lambda.CfnPermission(stack, id, {
      action: 'lambda:InvokeFunction',
      functionName: target.attrArn,
      principal,
      sourceArn,
    });

  const web = new apigw.CfnApi(stack, 'Http', { name: 'courts', protocolType: 'HTTP' });
  const jwt = new apigw.CfnAuthorizer(stack, 'Jwt', {
    apiId: web.ref,
    authorizerType: 'JWT',
    name: 'jwt',
    identitySource: ['$request.header.Authorization'],
    jwtConfiguration: {
      audience: [imported('Client')],
      issuer: Fn.sub('https://cognito-idp.${AWS::Region}.amazonaws.com/${P}', { P: imported('Pool') }),
    },
  });
  const route = (
    api: apigw.CfnApi,
    id: string,
    routeKey: string,
    target: lambda.CfnFunction,
    integration: object = {},
    more: object = {},
  ) => {
    const made = new apigw.CfnIntegration(stack, `${id}I`, {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: Fn.sub(
        `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${target.logicalId}.Arn}/invocations`,
      ),
      ...integration,
    });
    may(
      `${id}P`,
      target,
      'apigateway.amazonaws.com',
      Fn.join('', [
        'arn:aws:execute-api:',
        Fn.ref('AWS::Region'),
        ':',
        Fn.ref('AWS::AccountId'),
        ':',
        api.ref,
        '/*',
      ]),
    );
    return new apigw.CfnRoute(stack, `${id}R`, {
      apiId: api.ref,
      routeKey,
      target: Fn.join('/', ['integrations', made.ref]),
      ...more,
    });
  };
  const guarded = { authorizationType: 'JWT', authorizerId: jwt.ref };
  route(
    web,
    'Book',
    'POST /courts/{court}/bookings',
    fn('Booking', 'book'),
    { payloadFormatVersion: '2.0' },
    guarded,
  );
  route(web, 'Mine', 'GET /mine', fn('MineFn', 'mine'), { payloadFormatVersion: '1.0' }, guarded);
  route(web, 'Cheap', 'ANY /cheapest', fn('CheapFn', 'cheapest'), { payloadFormatVersion: '2.0' });
  new apigw.CfnStage(stack, 'HttpStage', { apiId: web.ref, stageName: 'v1', autoDeploy: true });
  const quick = fn('QuickFn', 'forbidden', { role: frozen.attrArn });
  const quickApi = new apigw.CfnApi(stack, 'Quick', {
    name: 'quick',
    protocolType: 'HTTP',
    target: quick.attrArn,
  });
  may(
    'QuickP',
    quick,
    'apigateway.amazonaws.com',
    Fn.sub('arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Quick}/*'),
  );

  const ws = new apigw.CfnApi(stack, 'Ws', {
    name: 'live',
    protocolType: 'WEBSOCKET',
    routeSelectionExpression: '$request.body.action',
  });
  const socket = fn('Socket', 'socket');
  const routes = [
    route(ws, 'Connect', '$connect', socket),
    route(ws, 'Watch', 'watch', socket, {}, { routeResponseSelectionExpression: '$default' }),
    route(ws, 'Gone', '$disconnect', socket),
  ];
  new apigw.CfnRouteResponse(stack, 'WatchRR', {
    apiId: ws.ref,
    routeId: Fn.ref('WatchR'),
    routeResponseKey: '$default',
  });
  const deployment = new apigw.CfnDeployment(stack, 'WsDeployment', { apiId: ws.ref });
  for (const one of routes) deployment.addResourceDependency(one);
  new apigw.CfnStage(stack, 'WsStage', {
    apiId: ws.ref,
    stageName: 'live',
    deploymentId: deployment.attrDeploymentId,
  });

  const rule = new events.CfnRule(stack, 'Booked', {
    eventBusName: bus.attrArn,
    eventPattern: {
      source: ['courts'],
      'detail-type': [{ prefix: 'Book' }],
      detail: { price: [{ numeric: ['>', 0] }] },
    },
    targets: [
      {
        id: 'q',
        arn: queue.attrArn,
        inputTransformer: {
          inputPathsMap: { c: '$.detail.court', s: '$.detail.slot' },
          inputTemplate: '{"taken": "<c> at <s>"}',
        },
      },
    ],
  });
  new sqs.CfnQueuePolicy(stack, 'QueuePolicy', {
    queues: [queue.ref],
    policyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:Send*',
          Resource: '*',
          Condition: { ArnLike: { 'aws:SourceArn': rule.attrArn } },
        },
      ],
    },
  });
  const announce = fn('Announce', 'announce');
  new lambda.CfnEventSourceMapping(stack, 'AnnounceMap', {
    functionName: announce.ref,
    eventSourceArn: queue.attrArn,
    functionResponseTypes: ['ReportBatchItemFailures'],
  });
  const ledger = fn('Ledger', 'ledger');
  new lambda.CfnEventSourceMapping(stack, 'LedgerMap', {
    functionName: ledger.attrArn,
    eventSourceArn: imported('Stream'),
    startingPosition: 'TRIM_HORIZON',
    filterCriteria: { filters: [{ pattern: '{"eventName":["INSERT"]}' }] },
  });
  const night = fn('Night', 'x', {
    handler: 'index.sweep',
    code: {
      zipFile:
        "exports.sweep = async (event) => { console.log('swept ' + event.court + ' ' + process.env.BOOKINGS.length); };",
    },
  });
  new scheduler.CfnSchedule(stack, 'Nightly', {
    scheduleExpression: 'cron(0 3 * * ? *)',
    scheduleExpressionTimezone: 'Europe/London',
    flexibleTimeWindow: { mode: 'OFF' },
    target: { arn: night.attrArn, roleArn: role.attrArn, input: '{"court":"all"}' },
  });

  new CfnOutput(stack, 'HttpUrl', { value: Fn.join('', [web.attrApiEndpoint, '/v1']) });
  new CfnOutput(stack, 'QuickUrl', { value: quickApi.attrApiEndpoint });
  new CfnOutput(stack, 'SocketUrl', {
    value: Fn.join('/', [
      Fn.select(0, Fn.split('?', `wss://${ws.ref}.execute-api.${stack.region}.amazonaws.com?x`)),
      'live',
    ]),
  });
}
