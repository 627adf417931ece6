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
import { principalOf } from '../../../local/template/principals.ts';
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

test('a role is refused where its trust, its boundary or a policy cannot be judged', () => {
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
  expect(() => principal('Bounded')).toThrow(
    /permissions boundary arn:aws:iam::111122223333:policy\/Roles-Boundary/,
  );
  expect(principal('Inline').policies.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^InlineDefaultPolicy/),
  ]);
});

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
