import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { bareSynth, run, synthesized } from '../fixtures/synth.ts';
import { find, readTemplates, resources } from '../fixtures/template.ts';

vi.setConfig({ testTimeout: 120_000 }); // most start a process or two

let assembly: string;

beforeAll(async () => {
  assembly = await synthesized();
}, 120_000);

test('the cdk command and a bare run of the app give the same assembly', async () => {
  const outdir = scratch();
  await run('npx', ['cdk', 'synth', '--quiet', '--output', outdir]);

  expect(filesOf(outdir)).toEqual(filesOf(assembly));
  for (const file of filesOf(outdir).filter((name) => /\.(template|assets)\.json$/.test(name))) {
    expect(readFileSync(join(outdir, file), 'utf8')).toBe(readFileSync(join(assembly, file), 'utf8'));
  }
}, 120_000);

test('the stacks ask nothing of an account at synth and fit any Region', () => {
  const manifest = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8'));
  expect(manifest.missing).toBeUndefined();
  const stacks = Object.entries<{ type: string; environment: string }>(manifest.artifacts).filter(
    ([, artifact]) => artifact.type === 'aws:cloudformation:stack',
  );
  expect(stacks.map(([name]) => name)).toEqual(['Wardline-Data', 'Wardline-Audit', 'Wardline-Messaging']);
  for (const [, { environment }] of stacks) expect(environment).toBe('aws://unknown-account/unknown-region');
});

test('one stack has the five outputs that clients need, and beside them stand the operator’s', () => {
  const templates = readTemplates(assembly);
  expect(Object.keys(templates.Messaging.Outputs ?? {})).toEqual([
    'WebSocketUrl',
    'HttpApiUrl',
    'UserPoolId',
    'UserPoolClientId',
    'Region',
    'SocketConnections',
  ]);
  expect(Object.keys(templates.Data.Outputs ?? {})).toEqual(
    expect.arrayContaining([
      'AttachmentsBucket',
      'PeopleTable',
      'SessionsTable',
      'ConversationsTable',
      'KeysTable',
      'KeysRecoveryDays',
      'BackupDays',
    ]),
  );
  expect(Object.keys(templates.Audit.Outputs ?? {})).toContain('SigningKeyArn');
});

test('only what CloudFormation or API Gateway names for us has a name of its own', () => {
  const names =
    /^(TableName|FunctionName|RoleName|ManagedPolicyName|LogGroupName|UserPoolName|BucketName|BackupVaultName)$/;
  const named = resources(readTemplates(assembly)).flatMap(({ Type, path, Properties }) =>
    Object.keys(Properties)
      .filter(
        (property) =>
          names.test(property) &&
          !/^AWS::(Lambda::(Permission|EventSourceMapping|EventInvokeConfig)|Logs::(SubscriptionFilter|MetricFilter))$/.test(
            Type,
          ),
      )
      .map((property) => `${path} ${property}`),
  );
  expect(named).toEqual([
    'Backups/Vault BackupVaultName', // CloudFormation asks for one
    'KeyBackups/Vault BackupVaultName',
    'AuditBackups/Vault BackupVaultName',
    'SocketApi/ExecutionLog LogGroupName', // where API Gateway will write, whatever we call it
  ]);
});

test('every function is one module that parses, with the SDK inside, and is small', async () => {
  const doors = resources(readTemplates(assembly), 'AWS::Lambda::Function');
  expect(doors).toHaveLength(46);
  for (const { path, Metadata } of doors) {
    const folder = join(assembly, String(Metadata?.['aws:asset:path']));
    expect(readdirSync(folder)).toEqual(['index.mjs']);
    const bundle = join(folder, 'index.mjs');
    await run(process.execPath, ['--check', bundle]);

    const code = readFileSync(bundle, 'utf8');
    expect(code).not.toMatch(/from ?["']@(aws-sdk|smithy)\//);
    const kilobytes = Math.ceil(statSync(bundle).size / 1024);
    console.log(`bundle ${path.replace('/Function', '')}: ${kilobytes} KB`);
    expect(kilobytes).toBeLessThan(1_024);
  }
}, 120_000);

test('no two functions run the same code', () => {
  const doors = resources(readTemplates(assembly), 'AWS::Lambda::Function');
  expect(new Set(doors.map(({ Metadata }) => Metadata?.['aws:asset:path'])).size).toBe(doors.length);
});

test('every route names a door that answers it', () => {
  const templates = readTemplates(assembly);
  const routes = resources(templates, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties);
  expect(routes).toHaveLength(48);
  for (const { RouteKey, Target } of routes) {
    const [, integration] = /"Ref":"(\w+)"/.exec(JSON.stringify(Target)) ?? [];
    const uri = JSON.stringify(find(templates, integration ?? '')?.Properties.IntegrationUri);
    const [, door] = /"Fn::GetAtt":\["(\w+)Function[0-9A-F]{8}"/.exec(uri) ?? [];
    const file = String(door)
      .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
      .toLowerCase();
    const code = readFileSync(new URL(`../../functions/${file}.ts`, import.meta.url), 'utf8');
    if (!/^\$default$/.test(String(RouteKey))) expect.soft(code, `${file}.ts`).toContain(String(RouteKey));
  }
});

test('a deployment that does not exist is refused with the file to write', async () => {
  await expect(bareSynth(scratch(), { WARDLINE_DEPLOYMENT: 'nowhere' })).rejects.toThrow(
    'there is no deployment "nowhere": write bin/deployments/nowhere.ts',
  );
});

function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'synth-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function filesOf(folder: string): string[] {
  // The counters are there after a slow run only.
  return readdirSync(folder)
    .filter((name) => name !== 'performance-counters.json')
    .sort();
}
