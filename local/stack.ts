import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, localAccount } from './account.ts';
import { ExecuteApiService } from './api-gateway/execute-api-service.ts';
import { HttpApi } from './api-gateway/http-api.ts';
import { readApis } from './api-gateway/read-apis.ts';
import type { TrafficRecord } from './api-gateway/traffic.ts';
import { WebSocketApi } from './api-gateway/web-socket-api.ts';
import { Clock } from './clock.ts';
import { trailsOf } from './cloudtrail/from-template.ts';
import type { CloudTrailService } from './cloudtrail/service.ts';
import { CognitoService } from './cognito/service.ts';
import { startEngine } from './dynamodb/engine.ts';
import { DynamoDbService } from './dynamodb/service.ts';
import { EventSources } from './event-sources/event-sources.ts';
import { addMappings } from './event-sources/from-template.ts';
import { eventsOf } from './events/from-template.ts';
import { CredentialStore, type Credentials } from './front-door/credentials.ts';
import { Faults } from './front-door/faults.ts';
import { Meter } from './front-door/meter.ts';
import { FrontDoor } from './front-door/server.ts';
import { Trail } from './front-door/trail.ts';
import { scansOf } from './guardduty/from-template.ts';
import { checkPolicy } from './iam/check-policy.ts';
import { PermissionRecord } from './iam/permission-record.ts';
import type { Principal } from './iam/policy.ts';
import { KmsService } from './kms/service.ts';
import { addFunctions, functionsOf } from './lambda/from-template.ts';
import type { LambdaService } from './lambda/service.ts';
import { Listeners } from './listeners.ts';
import { followLogs } from './log-subscriptions/subscriptions.ts';
import { Logs } from './logs.ts';
import { inertTypes, knownTypes } from './resource-types.ts';
import { bucketsOf } from './s3/from-template.ts';
import type { S3Service } from './s3/service.ts';
import { SqsService } from './sqs/service.ts';
import { StsService } from './sts/service.ts';
import { readAssembly } from './template/assembly.ts';
import { checkRoles } from './template/principals.ts';
import { resolveStacks } from './template/resolve.ts';
import type { Resource } from './template/resource.ts';

export interface StackOptions {
  /** The cloud assembly to run: a `cdk.out`. */
  readonly assembly: string;
  /** Where tables, keys, people and logs are kept; absent: gone with the run. */
  readonly dataDirectory?: string;
  /** Where the database engine's files are kept between runs. */
  readonly cacheDirectory: string;
  /** The front door's port; the APIs take the next ones in the template's order, then user pools' domains. @default 0: any free ones */
  readonly port?: number;
  readonly startAt?: Date;
  /**
   * Another endpoint that speaks DynamoDB's protocol, instead of an engine of our own, and the access key id that names the
   * database behind it.
   */
  readonly database?: { readonly url: string; readonly accessKeyId: string };
  readonly onProgress?: (text: string) => void;
  readonly onFault?: (error: unknown) => void;
}

/** A synthesized app at work on this machine. */
export interface RunningStack {
  /** By stack and output key, addresses of APIs already those of this run. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly awsEndpointUrl: string;
  /** Credentials of the account's administrator: allowed what `AdministratorAccess` allows, and judged like everybody. */
  readonly administrator: Credentials;
  readonly resources: readonly Resource[];
  readonly account: Account;
  readonly clock: Clock;
  readonly logs: Logs;
  readonly trail: Trail;
  readonly meter: Meter;
  readonly faults: Faults;
  readonly credentials: CredentialStore;
  /** Which statement allowed what to whom so far, and what was refused. */
  readonly permissions: PermissionRecord;
  readonly functions: LambdaService;
  readonly tables: DynamoDbService;
  readonly queues: SqsService;
  readonly buckets: S3Service;
  /** What CloudTrail delivers of {@link trail} to the template's buckets. */
  readonly trails: CloudTrailService;
  readonly eventSources: EventSources;
  readonly webSocketApis: readonly WebSocketApi[];
  /** Hears of each frame and request once it has been dealt with. */
  readonly traffic: Listeners<TrafficRecord>;
  /** Resource types of the template that stand still here, and what that means. */
  readonly inert: readonly { readonly type: string; readonly meaning: string }[];
  /** Ends everything, child processes included, and resolves when it is gone. */
  close(): Promise<void>;
}

/** Runs the template and the bundles of a cloud assembly. Nothing is wired here that the template does not say. */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await start(options, (closer) => closers.push(closer), close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: StackOptions,
  onClose: (closer: () => unknown) => void,
  close: () => Promise<void>,
): Promise<RunningStack> {
  const account = localAccount;
  const assembly = readAssembly(options.assembly);
  const resolved = resolveStacks(assembly, account, knownTypes);
  const { resources } = resolved;
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);

  checkRoles(resources, account);

  const kept = options.dataDirectory ?? forgotten(onClose);
  const clock = new Clock(options.startAt);
  onClose(() => clock.stop());
  const logs = new Logs({ directory: join(kept, 'logs'), clock });
  onClose(() => logs.close());
  for (const group of ofType('AWS::Logs::LogGroup')) logs.declare(group.ref);
  const eventsFile = join(kept, 'cloudtrail.jsonl');
  const trail = new Trail({ account, clock, file: eventsFile });
  onClose(() => trail.close());
  const credentials = new CredentialStore(clock);
  const meter = new Meter();
  const faults = new Faults();
  const permissions = new PermissionRecord();
  const { judge } = permissions;

  const keys = new KmsService({ account, clock, stateFile: join(kept, 'kms.json') });
  onClose(() => keys.close());
  for (const key of ofType('AWS::KMS::Key')) keys.addKey(key);
  for (const alias of ofType('AWS::KMS::Alias')) keys.addAlias(alias);

  const keyPolicyOf = (keyArn: string) => keys.keyPolicyOf(keyArn);
  const tables = new DynamoDbService({
    account,
    clock,
    engine: await engine(options, kept, onClose),
    keyPolicyOf,
    streamMarksFile: join(kept, 'stream-marks.json'),
  });
  onClose(() => tables.close());
  for (const table of ofType('AWS::DynamoDB::Table')) await tables.addTable(table);

  const queues = new SqsService({ account, clock, stateFile: join(kept, 'sqs.jsonl'), keyPolicyOf });
  onClose(() => queues.close());
  for (const queue of ofType('AWS::SQS::Queue')) queues.addQueue(queue);
  for (const policy of ofType('AWS::SQS::QueuePolicy')) queues.addPolicy(policy);

  let awsEndpointUrl = '';
  const functions = functionsOf({
    ...{ account, clock, judge, logs, credentials },
    awsEndpointUrl: () => awsEndpointUrl,
  });
  onClose(() => functions.close());
  addFunctions(functions, { assembly, inlineDirectory: join(kept, 'inline') }, resources, account);
  const eventSources = new EventSources({
    account,
    clock,
    judge,
    functions,
    streams: tables.streams,
    queues,
    stateFile: join(kept, 'event-sources.json'),
    ...(options.onFault && { onFault: options.onFault }),
  });
  addMappings(eventSources, resources, account);
  const events = eventsOf({
    ...{ account, clock, judge, functions, queues, resources, directory: kept },
    ...(options.onFault && { onFault: options.onFault }),
  });

  const buckets = bucketsOf({
    ...{ account, clock, credentials, keyPolicyOf, resources, events: events.buses },
    directory: join(kept, 's3'),
  });
  onClose(() => buckets.close());
  const scans = scansOf({
    ...{ account, clock, resources, credentials, buckets, events: events.buses, directory: kept },
    awsEndpointUrl: () => awsEndpointUrl,
    ...(options.onFault && { onFault: options.onFault }),
  });

  const trails = trailsOf({
    ...{ account, clock, resources, credentials, buckets, keys, eventsFile, directory: kept },
    awsEndpointUrl: () => awsEndpointUrl,
    ...(options.onFault && { onFault: options.onFault }),
  });

  const people = new CognitoService({ account, clock, functions, stateFile: join(kept, 'cognito.json') });
  for (const pool of ofType('AWS::Cognito::UserPool')) people.addPool(pool);
  for (const server of ofType('AWS::Cognito::UserPoolResourceServer')) people.addResourceServer(server);
  for (const client of ofType('AWS::Cognito::UserPoolClient')) people.addClient(client);
  for (const group of ofType('AWS::Cognito::UserPoolGroup')) people.addGroup(group);
  const domains = ofType('AWS::Cognito::UserPoolDomain').map((domain) =>
    people.addDomain(domain, trail, options.onFault ?? console.error),
  );

  const subscriptions = followLogs({
    ...{ account, logs, resources, onFault: options.onFault ?? console.error },
    invoke: (functionArn, text, invoker) => events.invocations.invoke(functionArn, text, invoker),
  });
  onClose(() => subscriptions.close());

  const traffic = new Listeners<TrafficRecord>();
  const tell = (record: TrafficRecord) => traffic.tell(record);
  const issuerKeys = async (issuer: string) => {
    const found = people.issuerKeys(issuer);
    if (!found) throw new Error(`the issuer ${issuer} is no user pool of this template`);
    return found;
  };
  const apis = readApis(resources).map((definition) =>
    definition.protocol === 'WEBSOCKET'
      ? new WebSocketApi({ definition, account, clock, functions, logs, onFrame: tell })
      : new HttpApi({ definition, account, clock, functions, issuerKeys, logs, onRequest: tell }),
  );
  const webSocketApis = apis.filter((api) => api instanceof WebSocketApi);

  const frontDoor = new FrontDoor({
    account,
    clock,
    services: [
      ...[tables, keys, queues, people, buckets, events.buses, events.schedules],
      new ExecuteApiService({ account, apis: webSocketApis }),
      new StsService({ account, clock, credentials, resources }),
      trails,
    ],
    credentials,
    judge,
    trail,
    meter,
    faults,
    ...(options.onFault && { onFault: options.onFault }),
  });
  const port = options.port ?? 0;
  awsEndpointUrl = await frontDoor.listen(port);
  onClose(() => frontDoor.close());

  const addresses = new Map<string, string>();
  for (const [place, api] of apis.entries()) {
    const { url } = await api.listen(port && port + 1 + place);
    onClose(() => api.close());
    addresses.set(`${api.definition.apiId}.execute-api.${account.region}.${account.urlSuffix}`, url);
  }
  for (const [place, domain] of domains.entries()) {
    const url = await domain.listen(port && port + 1 + apis.length + place);
    onClose(() => domain.close());
    addresses.set(domain.host, url);
  }

  onClose(() => eventSources.close());
  await eventSources.start();
  onClose(() => events.close());
  events.start();
  onClose(() => scans.close());
  scans.start();
  onClose(() => trails.close());
  trails.start();

  return {
    outputs: atLocalAddresses(resolved.outputs, addresses),
    awsEndpointUrl,
    administrator: credentials.issue(administratorOf(account)),
    resources,
    account,
    clock,
    logs,
    trail,
    meter,
    faults,
    credentials,
    permissions,
    functions,
    tables,
    queues,
    buckets,
    trails,
    eventSources,
    webSocketApis,
    traffic,
    inert: [
      ...Object.entries(inertTypes)
        .filter(([type]) => ofType(type).length > 0)
        .map(([type, meaning]) => ({ type, meaning })),
      ...buckets.inert,
    ],
    close,
  };
}

async function engine(
  { cacheDirectory, dataDirectory, database, onProgress, onFault }: StackOptions,
  kept: string,
  onClose: (closer: () => unknown) => void,
): Promise<{ url: string; accessKeyId: string }> {
  if (database !== undefined) return database;
  const started = await startEngine({
    cacheDirectory,
    ...(dataDirectory !== undefined && { dataDirectory: join(kept, 'tables') }),
    ...(onProgress && { onProgress }),
    ...(onFault && { onDeath: onFault }),
  });
  onClose(() => started.close());
  return started;
}

function forgotten(onClose: (closer: () => unknown) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'local-run-'));
  onClose(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function administratorOf(account: Account): Principal {
  const user = `arn:${account.partition}:iam::${account.accountId}:user/administrator`;
  const policy = {
    name: 'AdministratorAccess',
    document: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
  } as const;
  checkPolicy(policy);
  return { arn: user, identityArn: user, accountId: account.accountId, policies: [policy] };
}

/** `https://<api>.execute-api.…`, `wss://…` and a pool's domain in an output become the address that this run serves them at. */
function atLocalAddresses(
  outputs: RunningStack['outputs'],
  addresses: ReadonlyMap<string, string>,
): RunningStack['outputs'] {
  const local = (value: string) =>
    [...addresses].reduce(
      (text, [host, url]) => text.replace(new RegExp(`(https|wss)://${host}`, 'g'), url),
      value,
    );
  return Object.fromEntries(
    Object.entries(outputs).map(([stack, values]) => [
      stack,
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, local(value)])),
    ]),
  );
}
