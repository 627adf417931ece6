import { type Assembly, listOf, ofType, type Resource, valueAt } from './assembly.ts';
import { takesPresigned } from './checks/ways-in.ts';
import { holdingOf, isStore } from './holdings.ts';
import { compareTexts, keyOf } from './inventory.ts';

/** Who or what takes part. `outside` stands beyond the account's boundary; everything else is within. */
export interface Node {
  /** A CDK path, or a name of ours for what no template makes. */
  readonly id: string;
  readonly kind: 'outside' | 'entrance' | 'function' | 'service' | 'store' | 'key';
  readonly label: string;
  readonly stack?: string;
  readonly ephi?: string;
}

/** One way that data takes, or a key is used. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** `enters`: from outside, or from an entrance to a function. `encrypts`: a store by its key. */
  readonly kind:
    | 'enters'
    | 'starts'
    | 'reads'
    | 'writes'
    | 'reads and writes'
    | 'pushes'
    | 'encrypts'
    | 'uses key'
    | 'asks';
  /** By what: routes, an event source, the actions of a permission. */
  readonly by: string;
}

export interface NetworkMap {
  readonly nodes: readonly Node[];
  readonly flows: readonly Flow[];
}

export const people = 'People’s apps';
const bots = 'Bots';

/** Draws the map from a template: by routes, event sources, triggers and permissions, and by nothing that somebody would keep by hand. */
export function networkMapOf(assembly: Assembly): NetworkMap {
  const nodes = [...nodesWithin(assembly), ...outsideOf(assembly)];
  const known = new Set(nodes.map(({ id }) => id));
  const flows = merged([
    ...entering(assembly),
    ...starting(assembly),
    ...byPermission(assembly),
    ...encrypting(assembly),
    ...byServices(assembly),
  ]).filter(({ from, to }) => known.has(from) && known.has(to));
  return {
    nodes: nodes.sort((one, other) => compareTexts(one.id, other.id)),
    flows: flows.sort((one, other) => compareTexts(keyOfFlow(one), keyOfFlow(other))),
  };
}

/** What makes a flow the same flow in two maps. */
export function keyOfFlow({ from, to, kind }: Flow): string {
  return `${from} → ${to} (${kind})`;
}

const kinds: Readonly<Record<string, Node['kind']>> = {
  'AWS::ApiGatewayV2::Api': 'entrance',
  'AWS::Cognito::UserPool': 'entrance',
  'AWS::Lambda::Function': 'function',
  'AWS::GuardDuty::MalwareProtectionPlan': 'service',
  'AWS::Backup::BackupPlan': 'service',
  'AWS::CloudTrail::Trail': 'service',
  'AWS::KMS::Key': 'key',
};

function nodesWithin(assembly: Assembly): readonly Node[] {
  return assembly.resources.flatMap((resource): readonly Node[] => {
    const kind = isForPeople(resource, assembly)
      ? 'service'
      : (kinds[resource.type] ?? (isStore(resource) ? 'store' : undefined));
    if (kind === undefined) return [];
    const holding = isStore(resource) ? (holdingOf(resource)?.ephi ?? 'not written down') : undefined;
    const { path: id, stack } = resource;
    return [{ id, kind, label: labelOf(resource), stack, ...(holding && { ephi: holding }) }];
  });
}

function outsideOf(assembly: Assembly): readonly Node[] {
  const hasMachines = ofType(assembly, 'AWS::Cognito::UserPoolDomain').length > 0;
  return [
    { id: people, kind: 'outside', label: people },
    ...(hasMachines ? [{ id: bots, kind: 'outside', label: bots } as const] : []),
  ];
}

/** Path without its stack and without what every table, function or bucket is called: `Conversations`. */
function labelOf({ path }: Resource): string {
  const [, ...parts] = path.split('/');
  const kept = parts.filter((part) => !/^(Store|Table|Function|Api|Bucket|Queue|Log|Plan|Role)$/.test(part));
  return (kept.length > 0 ? kept : parts).join(' ');
}

/** From outside through an API's routes, the user pool or a presigned request. */
function entering(assembly: Assembly): readonly Flow[] {
  const apis = ofType(assembly, 'AWS::ApiGatewayV2::Api');
  const routes = ofType(assembly, 'AWS::ApiGatewayV2::Route').flatMap((route): readonly Flow[] => {
    const { properties, stack } = route;
    const [api] = assembly.pointsTo(properties.ApiId, stack);
    const [integration] = assembly.pointsTo(properties.Target, stack);
    const door = integration && assembly.pointsTo(integration.properties.IntegrationUri, stack)[0];
    if (!api || door?.type !== 'AWS::Lambda::Function') return [];
    return [{ from: api.path, to: door.path, kind: 'enters', by: String(properties.RouteKey) }];
  });
  const authorizers = ofType(assembly, 'AWS::ApiGatewayV2::Authorizer').flatMap(({ properties, stack }) =>
    assembly
      .pointsTo([properties.AuthorizerUri, properties.JwtConfiguration], stack)
      .filter(({ type }) => /Function|UserPool$/.test(type))
      .flatMap((asked): readonly Flow[] => {
        const [api] = assembly.pointsTo(properties.ApiId, stack);
        return api ? [{ from: api.path, to: asked.path, kind: 'asks', by: 'authorizer' }] : [];
      }),
  );
  const pools = ofType(assembly, 'AWS::Cognito::UserPool');
  const presigned = ofType(assembly, 'AWS::S3::Bucket').filter((bucket) => takesPresigned(bucket, assembly));
  return [
    ...apis.map(({ path, properties }) =>
      enters(people, path, properties.ProtocolType === 'WEBSOCKET' ? 'WebSocket over TLS' : 'HTTPS'),
    ),
    ...apis
      .filter(({ properties }) => properties.ProtocolType === 'WEBSOCKET')
      .map(({ path }) => enters(bots, path, 'WebSocket over TLS')),
    ...pools.flatMap(({ path }) => [
      enters(people, path, 'SRP and a code, over TLS'),
      enters(bots, path, 'client secret, over TLS'),
    ]),
    ...presigned.map(({ path }) => enters(people, path, 'presigned requests over TLS')),
    ...routes,
    ...authorizers,
  ];
}

function enters(from: string, to: string, by: string): Flow {
  return { from, to, kind: 'enters', by };
}

/** What starts functions beside requests: streams, queues, rules, a user pool's triggers; and where failures go. */
function starting(assembly: Assembly): readonly Flow[] {
  const sources = ofType(assembly, 'AWS::Lambda::EventSourceMapping').flatMap(({ properties, stack }) =>
    pairs(assembly, stack, properties.EventSourceArn, properties.FunctionName, 'starts', 'stream or queue'),
  );
  const parked = [
    ...ofType(assembly, 'AWS::Lambda::EventSourceMapping'),
    ...ofType(assembly, 'AWS::Lambda::EventInvokeConfig'),
  ].flatMap(({ properties, stack }) =>
    pairs(
      assembly,
      stack,
      properties.FunctionName,
      valueAt(properties, 'DestinationConfig.OnFailure.Destination'),
      'writes',
      'failures',
    ),
  );
  const rules = ofType(assembly, 'AWS::Events::Rule').flatMap(({ properties, stack }) => {
    const sourceOfEvents = ofType(assembly, 'AWS::GuardDuty::MalwareProtectionPlan').filter(
      () =>
        properties.EventPattern !== undefined &&
        JSON.stringify(properties.EventPattern).includes('aws.guardduty'),
    );
    const targets = listOf(properties.Targets).flatMap((target) =>
      assembly.pointsTo(valueAt(target, 'Arn'), stack),
    );
    return sourceOfEvents.flatMap(({ path: from }) =>
      targets.map(({ path: to }): Flow => ({ from, to, kind: 'starts', by: 'event' })),
    );
  });
  const triggers = ofType(assembly, 'AWS::Cognito::UserPool').flatMap(({ path: from, properties, stack }) =>
    assembly
      .pointsTo(properties.LambdaConfig, stack)
      .map(({ path: to }): Flow => ({ from, to, kind: 'starts', by: 'trigger at sign-in' })),
  );
  return [...sources, ...parked, ...rules, ...triggers];
}

function pairs(
  assembly: Assembly,
  stack: string,
  from: unknown,
  to: unknown,
  kind: Flow['kind'],
  by: string,
): Flow[] {
  return assembly
    .pointsTo(from, stack)
    .flatMap((one) =>
      assembly.pointsTo(to, stack).map((other) => ({ from: one.path, to: other.path, kind, by })),
    );
}

const changing = /:(Put|Update|Delete|BatchWrite|Create|Abort|Send|Admin(Create|Disable|Enable|User))/;

/** What somebody's own policies let them reach: a function by its role and by the roles that it may assume, people of the account by roles of theirs. */
function byPermission(assembly: Assembly): readonly Flow[] {
  const policies = ofType(assembly, 'AWS::IAM::ManagedPolicy');
  return actors(assembly).flatMap(({ path, role, as }) =>
    policies
      .filter((policy) => holds(role, policy, assembly))
      .flatMap((policy) =>
        listOf(valueAt(policy.properties, 'PolicyDocument.Statement'))
          .filter((statement) => valueAt(statement, 'Effect') === 'Allow')
          .flatMap((statement) => reached(path, statement, policy, assembly)),
      )
      .map((flow) => ({ ...flow, by: `${flow.by}${as}` })),
  );
}

interface Actor {
  /** The node that acts. */
  readonly path: string;
  readonly role: Resource;
  readonly as: string;
}

function actors(assembly: Assembly): readonly Actor[] {
  const functions = ofType(assembly, 'AWS::Lambda::Function').flatMap(
    ({ path, properties, stack }): readonly Actor[] => {
      const [own] = assembly.pointsTo(properties.Role, stack);
      if (!own) return [];
      const assumed = ofType(assembly, 'AWS::IAM::Role').filter((role) => trusts(role, own, assembly));
      return [
        { path, role: own, as: '' },
        ...assumed.map((role) => ({ path, role, as: ` as ${labelOf(role)}` })),
      ];
    },
  );
  const ofPeople = ofType(assembly, 'AWS::IAM::Role').filter((role) => isForPeople(role, assembly));
  return [...functions, ...ofPeople.map((role) => ({ path: role.path, role, as: '' }))];
}

function trusts({ properties, stack }: Resource, other: Resource, assembly: Assembly): boolean {
  return assembly.pointsTo(properties.AssumeRolePolicyDocument, stack).includes(other);
}

/** A role that identities of the account assume, and no function or service of AWS. */
function isForPeople({ type, properties, stack }: Resource, assembly: Assembly): boolean {
  const trust = properties.AssumeRolePolicyDocument;
  const principals = listOf(valueAt(trust, 'Statement')).map((statement) =>
    valueAt(statement, 'Principal.AWS'),
  );
  const isOfAccount = principals.some((principal) => principal !== undefined);
  return type === 'AWS::IAM::Role' && isOfAccount && assembly.pointsTo(trust, stack).length === 0;
}

function holds(role: Resource, policy: Resource, assembly: Assembly): boolean {
  return (
    assembly.pointsTo(role.properties.ManagedPolicyArns, role.stack).includes(policy) ||
    assembly.pointsTo(policy.properties.Roles, policy.stack).includes(role)
  );
}

function reached(from: string, statement: unknown, policy: Resource, assembly: Assembly): readonly Flow[] {
  const actions = listOf(valueAt(statement, 'Action')).map(String);
  const targets = assembly.pointsTo(valueAt(statement, 'Resource'), policy.stack);
  const by = actions
    .map((action) => action.replace(/^[a-z0-9-]+:/, ''))
    .sort()
    .join(' ');
  if (actions.some((action) => action.startsWith('execute-api:')))
    return targets.flatMap(({ path: to }) => [
      { from, to, kind: 'pushes', by: 'open sockets' },
      { from: to, to: people, kind: 'pushes', by: 'open sockets, over TLS' },
    ]);
  return targets.map(({ path: to, type }) => {
    if (type === 'AWS::KMS::Key') return { from, to, kind: 'uses key', by };
    const writes = actions.some((action) => changing.test(action));
    const reads = actions.some((action) => !changing.test(action));
    return { from, to, kind: writes && reads ? 'reads and writes' : writes ? 'writes' : 'reads', by };
  });
}

function encrypting(assembly: Assembly): readonly Flow[] {
  return assembly.resources.filter(isStore).flatMap((store): readonly Flow[] => {
    const key = keyOf(store, assembly);
    return key ? [{ from: store.path, to: key.path, kind: 'encrypts', by: 'at rest' }] : [];
  });
}

/** What AWS's own services do here: back up, scan, record. */
function byServices(assembly: Assembly): readonly Flow[] {
  const backups = ofType(assembly, 'AWS::Backup::BackupSelection').flatMap(({ properties, stack }) =>
    pairs(
      assembly,
      stack,
      properties.BackupPlanId,
      valueAt(properties, 'BackupSelection.Resources'),
      'reads',
      'backup each day',
    ),
  );
  const vaults = ofType(assembly, 'AWS::Backup::BackupPlan').flatMap(({ path: from, properties, stack }) =>
    assembly
      .pointsTo(valueAt(properties, 'BackupPlan.BackupPlanRule'), stack)
      .map(({ path: to }): Flow => ({ from, to, kind: 'writes', by: 'backup each day' })),
  );
  const scans = ofType(assembly, 'AWS::GuardDuty::MalwareProtectionPlan').flatMap(
    ({ path: from, properties, stack }) =>
      assembly
        .pointsTo(properties.ProtectedResource, stack)
        .map(({ path: to }): Flow => ({ from, to, kind: 'reads', by: 'scan for malware' })),
  );
  const trails = ofType(assembly, 'AWS::CloudTrail::Trail').flatMap(({ path: from, properties, stack }) =>
    assembly
      .pointsTo([properties.S3BucketName, properties.CloudWatchLogsLogGroupArn], stack)
      .map(({ path: to }): Flow => ({ from, to, kind: 'writes', by: 'CloudTrail' })),
  );
  const read = ofType(assembly, 'AWS::Glue::Table').flatMap(({ properties, stack }) =>
    assembly.pointsTo(properties.TableInput, stack).filter(({ type }) => type === 'AWS::S3::Bucket'),
  );
  const queries = ofType(assembly, 'AWS::Athena::WorkGroup').flatMap(({ path: from }) =>
    read.map(({ path: to }): Flow => ({ from, to, kind: 'reads', by: 'queries of auditors' })),
  );
  return [...backups, ...vaults, ...scans, ...trails, ...queries];
}

/** One flow for each way, with everything it is there for. */
function merged(flows: readonly Flow[]): readonly Flow[] {
  const ways = new Map<string, Flow[]>();
  for (const flow of flows) {
    const way = `${flow.from}\n${flow.to}\n${/^(reads|writes)/.test(flow.kind) ? 'data' : flow.kind}`;
    ways.set(way, [...(ways.get(way) ?? []), flow]);
  }
  return [...ways.values()].map((same) => {
    const { from, to, kind } = same[0] as Flow;
    const words = [...new Set(same.map((flow) => flow.kind))].join(' ');
    const isBoth = words.includes('reads') && words.includes('writes');
    const by = [...new Set(same.flatMap((flow) => flow.by.split(', ')))].sort(compareTexts).join(', ');
    return { from, to, kind: isBoth ? 'reads and writes' : kind, by };
  });
}
