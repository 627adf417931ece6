import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { CredentialStore } from '../front-door/credentials.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Judge, Principal } from '../iam/policy.ts';
import type { Logs } from '../logs.ts';
import { type Assembly, assetPath } from '../template/assembly.ts';
import { principalOf } from '../template/principals.ts';
import type { Resource } from '../template/resource.ts';
import { LambdaService } from './service.ts';

/** Lambda with credentials and logs as a role's policies allow them. */
export function functionsOf(parts: {
  readonly account: Account;
  readonly clock: Clock;
  readonly logs: Logs;
  readonly credentials: CredentialStore;
  readonly awsEndpointUrl: () => string;
  /** @default evaluate */
  readonly judge?: Judge;
}): LambdaService {
  const { account, credentials, judge = evaluate } = parts;
  const may = (action: string) => (principal: Principal, logGroup: string) =>
    judge(principal, { action, resource: arn(account, 'logs', `log-group:${logGroup}:log-stream:any`) })
      .allowed;
  const mayCreateStream = may('logs:CreateLogStream');
  const mayPut = may('logs:PutLogEvents');
  return new LambdaService({
    ...parts,
    issueCredentials: (principal) => credentials.issue(principal),
    revokeCredentials: (accessKeyId) => credentials.revoke(accessKeyId),
    mayWriteLogs: (principal, logGroup) =>
      mayCreateStream(principal, logGroup) && mayPut(principal, logGroup),
    mayCreateLogGroup: may('logs:CreateLogGroup'),
  });
}

/** What of `AWS::Lambda::Function` changes nothing here. */
const WITHOUT_EFFECT = ['Architectures', 'Description', 'Tags', 'RuntimeManagementConfig'];
const HEEDED = [
  'Code',
  'DeadLetterConfig',
  'Environment',
  'Handler',
  'LoggingConfig',
  'MemorySize',
  'PackageType',
  'Role',
  'Runtime',
  'Timeout',
  'FunctionName',
];

/** Where a function's code comes from. */
export interface CodeSources {
  readonly assembly: Assembly;
  /** Code that stands in the template itself is unpacked here, a folder for each function. */
  readonly inlineDirectory: string;
}

/** Every function of the template, from its own bundle and under its own role, and who may invoke it. */
export function addFunctions(
  service: LambdaService,
  sources: CodeSources,
  resources: readonly Resource[],
  account: Account,
): void {
  for (const resource of resources) {
    if (resource.type === 'AWS::Lambda::Function')
      addFunction(service, sources, resources, account, resource);
    if (resource.type === 'AWS::Lambda::Permission') permit(service, resource);
  }
}

function addFunction(
  service: LambdaService,
  sources: CodeSources,
  resources: readonly Resource[],
  account: Account,
  resource: Resource,
): void {
  const { properties, ref: name } = resource;
  const strange = Object.keys(properties).filter((key) => ![...HEEDED, ...WITHOUT_EFFECT].includes(key));
  if (strange.length > 0) {
    throw new Error(
      `${resource.stack}.${resource.logicalId}: the local run does not do ${strange.join(', ')} of a function`,
    );
  }
  const where = `${resource.stack}.${resource.logicalId}`;
  const runtime = String(properties.Runtime);
  if (!runtime.startsWith('nodejs')) {
    throw new Error(
      `${where}: the local run does not run ${properties.PackageType === 'Image' ? 'images' : runtime}`,
    );
  }
  const logging = properties.LoggingConfig as { LogGroup?: string; LogFormat?: 'Text' | 'JSON' } | undefined;
  const environment = properties.Environment as { Variables?: Record<string, unknown> } | undefined;
  const variables = Object.entries(environment?.Variables ?? {}).map(([key, value]) => [key, String(value)]);
  const principal = principalOf(String(properties.Role), resources, account, name, 'lambda.amazonaws.com');
  service.add({
    arn: resource.attributes.Arn ?? '',
    name,
    codeDirectory: codeOf(resource, sources, where),
    handler: String(properties.Handler),
    runtime,
    memoryMb: Number(properties.MemorySize ?? 128),
    timeoutSeconds: Number(properties.Timeout ?? 3),
    environment: Object.fromEntries(variables),
    principal,
    logGroup: logging?.LogGroup ?? `/aws/lambda/${name}`,
    ...(logging?.LogFormat && { logFormat: logging.LogFormat }),
  });
}

/** A file asset, or `ZipFile`: the text of one file, which Lambda calls `index.js`. */
function codeOf({ properties, ref }: Resource, sources: CodeSources, where: string): string {
  const code = properties.Code as { S3Key?: string; ZipFile?: string } | undefined;
  if (code?.S3Key) return assetPath(sources.assembly, code.S3Key);
  if (code?.ZipFile === undefined) throw new Error(`${where}: the code is neither a file asset nor inline`);
  const directory = join(sources.inlineDirectory, ref);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), code.ZipFile);
  return directory;
}

function permit(service: LambdaService, { properties, stack, logicalId }: Resource): void {
  const { Action, FunctionName, Principal: who, SourceArn, SourceAccount, ...others } = properties;
  if (!['lambda:InvokeFunction', 'lambda:*', '*'].includes(String(Action)))
    throw new Error(`${stack}.${logicalId}: unknown permission ${Action}`);
  const [odd] = Object.keys(others);
  if (odd !== undefined)
    throw new Error(`${stack}.${logicalId}: the local run does not do ${odd} of a permission`);
  service.permit({
    functionArn: String(FunctionName),
    service: String(who),
    ...(SourceArn !== undefined && { sourceArn: String(SourceArn) }),
    ...(SourceAccount !== undefined && { sourceAccount: String(SourceAccount) }),
  });
}
