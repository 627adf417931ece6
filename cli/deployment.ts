import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';

/** `cdk deploy --outputs-file`: outputs by stack. A local run adds `Local`. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Where people sign in. */
export interface PoolAddress {
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** Set for a local run, whose AWS is reached there. */
  readonly endpoint?: string;
}

/** What the operator's commands need to know of a deployment. */
export interface Deployment extends PoolAddress {
  readonly peopleTable: string;
  /** Set for a local run; on AWS the SDK finds the operator's own. */
  readonly credentials?: Credentials;
}

/** What ending somebody's sign-ins needs besides. */
export interface RevokingDeployment extends Deployment {
  readonly sessionsTable: string;
  /** Host and stage of `@connections`, without a scheme. */
  readonly socketConnections: string;
  readonly signingKeyArn: string;
}

/** What a bot's clients take besides. */
export interface BotDeployment extends RevokingDeployment {
  readonly botTokenUrl: string;
}

/** What keeping conversations destroyed needs besides. */
export interface KeysDeployment extends Deployment {
  readonly keysTable: string;
  readonly conversationsTable: string;
  readonly keysRecoveryDays: number;
  readonly attachmentsBucket: string;
  readonly backupDays: number;
  readonly signingKeyArn: string;
}

/** What exporting the audit trail needs besides. */
export interface AuditDeployment extends Deployment {
  /** What the names of its stacks begin with. */
  readonly name: string;
  readonly sealedRecordsBucket: string;
  readonly signingKeyArn: string;
  readonly auditRetentionDays: number;
  /** How long messages are kept, and by which clock reports tell hours of the day. */
  readonly retentionDays: number;
  readonly timeZone: string;
  /** Where CloudTrail delivers. */
  readonly trailFilesBucket: string;
}

const Credentials = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });
export type Credentials = z.infer<typeof Credentials>;

/** What `wardline start` keeps in its directory, and `wardline users` reads there. */
export const files = {
  outputs: 'outputs.json',
  credentials: 'credentials.json',
  people: 'people.json',
} as const;

/** Picks a deployment out of its outputs, whatever its stacks are called. */
export function deploymentOf(outputs: Outputs, credentials?: Credentials): Deployment {
  return {
    ...poolAddressOf(outputs),
    peopleTable: outputOf(outputs, 'PeopleTable'),
    ...(credentials && { credentials }),
  };
}

/** Picks out what `wardline users revoke` needs. */
export function revokingDeploymentOf(outputs: Outputs, credentials?: Credentials): RevokingDeployment {
  return {
    ...deploymentOf(outputs, credentials),
    sessionsTable: outputOf(outputs, 'SessionsTable'),
    socketConnections: outputOf(outputs, 'SocketConnections'),
    signingKeyArn: outputOf(outputs, 'SigningKeyArn'),
  };
}

/** Picks out what `wardline users bot` needs. */
export function botDeploymentOf(outputs: Outputs, credentials?: Credentials): BotDeployment {
  return { ...revokingDeploymentOf(outputs, credentials), botTokenUrl: outputOf(outputs, 'BotTokenUrl') };
}

/** Picks out what `wardline keys` needs. */
export function keysDeploymentOf(outputs: Outputs, credentials?: Credentials): KeysDeployment {
  return {
    ...deploymentOf(outputs, credentials),
    keysTable: outputOf(outputs, 'KeysTable'),
    conversationsTable: outputOf(outputs, 'ConversationsTable'),
    keysRecoveryDays: Number(outputOf(outputs, 'KeysRecoveryDays')),
    attachmentsBucket: outputOf(outputs, 'AttachmentsBucket'),
    backupDays: Number(outputOf(outputs, 'BackupDays')),
    signingKeyArn: outputOf(outputs, 'SigningKeyArn'),
  };
}

/** Picks out what `wardline audit export` needs. */
export function auditDeploymentOf(outputs: Outputs, credentials?: Credentials): AuditDeployment {
  const stack = Object.keys(outputs).find((name) => name.endsWith('-Audit'));
  return {
    ...deploymentOf(outputs, credentials),
    name: stack?.slice(0, -'-Audit'.length) ?? '-',
    sealedRecordsBucket: outputOf(outputs, 'SealedRecordsBucket'),
    signingKeyArn: outputOf(outputs, 'SigningKeyArn'),
    auditRetentionDays: Number(outputOf(outputs, 'AuditRetentionDays')),
    retentionDays: Number(outputOf(outputs, 'RetentionDays')),
    timeZone: outputOf(outputs, 'TimeZone'),
    trailFilesBucket: outputOf(outputs, 'TrailFilesBucket'),
  };
}

/** Picks out where people sign in, which needs no key of an operator. */
export function poolAddressOf(outputs: Outputs): PoolAddress {
  return {
    region: outputOf(outputs, 'Region'),
    userPoolId: outputOf(outputs, 'UserPoolId'),
    userPoolClientId: outputOf(outputs, 'UserPoolClientId'),
    ...(outputs.Local?.AwsEndpointUrl && { endpoint: outputs.Local.AwsEndpointUrl }),
  };
}

/** One output by its name, in whichever stack it stands. @throws Failure where there is none */
export function outputOf(outputs: Outputs, name: string): string {
  const found = Object.values(outputs).find((stack) => Object.hasOwn(stack, name))?.[name];
  if (found) return found;
  throw new Failure(
    'usage',
    `the outputs hold no ${name}: write them anew with npx cdk deploy --all --outputs-file FILE`,
  );
}

/** Reads a file of outputs; beside those of a local run stand its administrator's keys. */
export function readDeployment(file: string): Deployment {
  const { outputs, credentials } = readAccess(file);
  return deploymentOf(outputs, credentials);
}

/** The outputs in a file as they stand, and the keys beside those of a local run. */
export function readAccess(file: string): { outputs: Outputs; credentials?: Credentials } {
  if (!existsSync(file)) {
    throw new Failure(
      'usage',
      `there is no ${file}: start the local run with npm start, or name the file that npx cdk deploy --all --outputs-file FILE wrote with --outputs FILE`,
    );
  }
  const outputs = readOutputs(file);
  if (!outputs.Local) return { outputs };

  const keys = join(dirname(file), files.credentials);
  if (!existsSync(keys))
    throw new Failure('environment', `there is no ${keys} beside the outputs: run npm start again`);
  return { outputs, credentials: parsed(keys, Credentials) };
}

/** The outputs in a file, which is there. */
export function readOutputs(file: string): Outputs {
  return parsed(file, z.record(z.string(), z.record(z.string(), z.string())));
}

function parsed<S extends z.ZodType>(file: string, schema: S): z.infer<S> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Failure(
      'usage',
      `${file} is not what it should be: ${error instanceof z.ZodError ? z.prettifyError(error) : error}`,
      {
        cause: error,
      },
    );
  }
}
