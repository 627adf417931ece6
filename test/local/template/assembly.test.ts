import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack, Stage } from 'aws-cdk-lib';
import { AttributeType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import {
  ManagedPolicy,
  PermissionsBoundary,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import { KmsService } from '../../../local/kms/service.ts';
import { assetPath, readAssembly } from '../../../local/template/assembly.ts';
import { genericIdentities } from '../../../local/template/identities.ts';
import { checkRoles, principalOf } from '../../../local/template/principals.ts';
import { resolveStacks } from '../../../local/template/resolve.ts';

const identify = {
  ...genericIdentities,
  'AWS::DynamoDB::Table': DynamoDbService.identify,
  'AWS::KMS::Key': KmsService.identifyKey,
  'AWS::KMS::Alias': KmsService.identifyAlias,
};
const lambda = 'lambda.amazonaws.com';

test('an app that CDK synthesized resolves to its tables, keys, bundles and the policies of its functions', () => {
  const outdir = folder();
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const key = new Key(data, 'Key', { alias: 'data', multiRegion: true });
  const table = new Table(data, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
  });
  const uses = new Stack(app, 'Uses');
  const writer = new LambdaFunction(uses, 'Writer', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(bundle()),
    timeout: Duration.seconds(3),
    environment: { TABLE: table.tableName },
  });
  const statement = new PolicyStatement({ actions: ['dynamodb:PutItem'], resources: [table.tableArn] });
  writer.role?.addManagedPolicy(new ManagedPolicy(uses, 'MayWrite', { statements: [statement] }));
  app.synth();

  const assembly = readAssembly(outdir);
  expect(assembly.stacks.map(({ name }) => name)).toEqual(['Data', 'Uses']);
  const { resources } = resolveStacks(assembly, localAccount, identify);
  const only = (type: string) => resources.filter((resource) => resource.type === type);
  const [theTable] = only('AWS::DynamoDB::Table');
  const [theKey] = only('AWS::KMS::Key');
  const [theFunction] = only('AWS::Lambda::Function');
  expect(theTable?.ref).toMatch(/^Data-Table[0-9A-F]{8}-[A-Z0-9]{13}$/);
  expect(theKey?.ref).toMatch(/^mrk-[0-9a-f]{32}$/);
  expect(theTable?.properties.SSESpecification).toMatchObject({ KMSMasterKeyId: theKey?.attributes.Arn });
  expect(only('AWS::KMS::Alias')[0]?.ref).toBe('alias/data');
  expect(theFunction?.properties.Environment).toEqual({ Variables: { TABLE: theTable?.ref } });
  const code = theFunction?.properties.Code as { S3Key: string } | undefined;
  expect(readdirSync(assetPath(assembly, code?.S3Key ?? ''))).toEqual(['index.js']);

  const principal = principalOf(
    String(theFunction?.properties.Role),
    resources,
    localAccount,
    'Writer',
    lambda,
  );
  expect(principal.arn).toMatch(/^arn:aws:sts::111122223333:assumed-role\/Uses-WriterServiceRole.*\/Writer$/);
  expect(principal.policies.map(({ name }) => name)).toEqual([
    'AWSLambdaBasicExecutionRole',
    expect.stringMatching(/^MayWrite/),
  ]);
  expect(principal.policies[1]?.document.Statement).toEqual([
    { Action: 'dynamodb:PutItem', Effect: 'Allow', Resource: theTable?.attributes.Arn },
  ]);
}, 60_000);

test('a role has its policies and its boundary, and is refused where its trust or one of these cannot be judged', () => {
  const outdir = folder();
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Roles');
  const role = (id: string, service = lambda) =>
    new Role(stack, id, { assumedBy: new ServicePrincipal(service) });
  role('Other', 'apigateway.amazonaws.com');
  role('Admin').addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess'));
  PermissionsBoundary.of(role('Bounded')).apply(
    new ManagedPolicy(stack, 'Boundary', {
      statements: [new PolicyStatement({ actions: ['s3:*'], resources: ['*'] })],
    }),
  );
  const foreign = ManagedPolicy.fromAwsManagedPolicyName('PowerUserAccess');
  PermissionsBoundary.of(role('Foreign')).apply(foreign);
  role('Inline').addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
  app.synth();
  const { resources } = resolveStacks(readAssembly(outdir), localAccount, identify);
  const principal = (id: string) => {
    const found = resources.find(
      ({ logicalId, type }) => type === 'AWS::IAM::Role' && logicalId.startsWith(id),
    );
    return principalOf(found?.ref ?? '', resources, localAccount, 'session', lambda);
  };

  expect(() => principal('Other')).toThrow(/Roles\.Other.* does not let lambda\.amazonaws\.com assume it/);
  expect(() => principal('Admin')).toThrow('arn:aws:iam::aws:policy/AdministratorAccess');
  expect(principal('Bounded')).toMatchObject({
    policies: [],
    permissionsBoundary: {
      name: expect.stringMatching(/^Boundary/),
      document: { Statement: [{ Action: 's3:*', Effect: 'Allow', Resource: '*' }] },
    },
  });
  expect(() => principal('Foreign')).toThrow('arn:aws:iam::aws:policy/PowerUserAccess');
  expect(() => checkRoles(resources, localAccount)).toThrow(
    /Roles\.Foreign.* has the managed policy arn:aws:iam::aws:policy\/PowerUserAccess/,
  );
  expect(principal('Inline').permissionsBoundary).toBeUndefined();
  expect(principal('Inline').policies.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^InlineDefaultPolicy/),
  ]);
});

test.each([
  ['AWS::IAM::ManagedPolicy', (PolicyDocument: object) => ({ PolicyDocument })],
  ['AWS::IAM::Policy', (PolicyDocument: object) => ({ PolicyDocument })],
  [
    'AWS::IAM::Role',
    (PolicyDocument: object) => ({
      AssumeRolePolicyDocument: {
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: lambda } },
      },
      Policies: [{ PolicyName: 'Odd', PolicyDocument }],
    }),
  ],
])(
  'what nobody can judge in a policy of an %s stops the start by its name, used or not',
  (type, propertiesOf) => {
    const odd = { Effect: 'Allow', Action: 's3:*', Resource: '*', Condition: { StringEqualz: { a: 'b' } } };
    const given = (statement: object) => [
      {
        ...{ stack: 'S', logicalId: 'Odd', type, ref: 'odd', attributes: {} },
        properties: propertiesOf({ Version: '2012-10-17', Statement: [statement] }),
      },
    ];
    expect(() => checkRoles(given(odd), localAccount)).toThrow(
      'policy Odd: statement #0: unknown condition operator StringEqualz',
    );
    expect(() => checkRoles(given({ ...odd, Principal: '*' }), localAccount)).toThrow('has no principal');
    expect(() => checkRoles(given({ ...odd, Condition: undefined }), localAccount)).not.toThrow();
  },
);

test('a nested assembly is refused by its name, and a missing one says what to do', () => {
  const outdir = folder();
  const app = new App({ outdir, analyticsReporting: false });
  new Key(new Stack(new Stage(app, 'Production'), 'Inner'), 'Key');
  app.synth();
  expect(() => readAssembly(outdir)).toThrow(/nested assemblies \(assembly-Production\)/);
  expect(() => readAssembly(join(outdir, 'nowhere'))).toThrow(
    /cannot read .*manifest\.json; synthesize the app first/,
  );
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'assembly-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function bundle(): string {
  const path = join(folder(), 'bundle');
  mkdirSync(path);
  writeFileSync(join(path, 'index.js'), 'exports.handler = async () => 1;');
  return path;
}
