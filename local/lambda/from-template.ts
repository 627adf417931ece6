import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { CredentialStore } from '../front-door/credentials.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Principal } from '../iam/policy.ts';
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
}): LambdaService {
  const { account, credentials } = parts;
  const may = (action: string) => (principal: Principal, logGroup: string) =>
    evaluate(principal, { action, resource: arn(account, 'logs', `log-group:${logGroup}:log-stream:any`) })
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
  'Environment',
  'Handler',
  'LoggingConfig',
  'MemorySize',
  'Role',
  'Runtime',
  'Timeout',
  'FunctionName',
];

/** Every function of the template, from its own bundle and under its own role, and who may invoke it. */
export function addFunctions(
  service: LambdaService,
  assembly: Assembly,
  resources: readonly Resource[],
  account: Account,
): void {
  for (const resource of resources) {
    if (resource.type === 'AWS::Lambda::Function')
      addFunction(service, assembly, resources, account, resource);
    if (resource.type === 'AWS::Lambda::Permission') permit(service, resource);
  }
}

function addFunction(
  service: LambdaService,
  assembly: Assembly,
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
  const code = properties.Code as { S3Key?: string } | undefined;
  if (!code?.S3Key) throw new Error(`${resource.stack}.${resource.logicalId}: the code is no file asset`);
  const logging = properties.LoggingConfig as { LogGroup?: string; LogFormat?: 'Text' | 'JSON' } | undefined;
  const environment = properties.Environment as { Variables?: Record<string, string> } | undefined;
  const principal = principalOf(String(properties.Role), resources, account, name, 'lambda.amazonaws.com');
  for (const policy of principal.policies) checkPolicy(policy);
  service.add({
    arn: resource.attributes.Arn ?? '',
    name,
    codeDirectory: assetPath(assembly, code.S3Key),
    handler: String(properties.Handler),
    runtime: String(properties.Runtime),
    memoryMb: Number(properties.MemorySize ?? 128),
    timeoutSeconds: Number(properties.Timeout ?? 3),
    environment: environment?.Variables ?? {},
    principal,
    logGroup: logging?.LogGroup ?? `/aws/lambda/${name}`,
    ...(logging?.LogFormat && { logFormat: logging.LogFormat }),
  });
}

function permit(service: LambdaService, { properties, stack, logicalId }: Resource): void {
  const { Action, FunctionName, Principal: who, SourceArn, SourceAccount } = properties;
  if (Action !== 'lambda:InvokeFunction')
    throw new Error(`${stack}.${logicalId}: unknown permission ${Action}`);
  service.permit({
    functionArn: String(FunctionName),
    service: String(who),
    ...(SourceArn !== undefined && { sourceArn: String(SourceArn) }),
    ...(SourceAccount !== undefined && { sourceAccount: String(SourceAccount) }),
  });
}
