import { find, type Placed, type Templates, target } from '../fixtures/template.ts';
import type { Ability } from './abilities/ability.ts';

interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

/** The statements of a policy by their names, each in the words of `abilities`. */
export function heldBy(
  policy: Placed,
  templates: Templates,
): Record<string, Ability & { readonly effect?: string }> {
  const document = policy.Properties.PolicyDocument as
    | { readonly Statement?: readonly Statement[] }
    | undefined;
  return Object.fromEntries(
    (document?.Statement ?? []).map(({ Sid, Effect, Action, Resource, Condition }) => [
      Sid ?? '(no Sid)',
      {
        actions: [Action ?? []].flat(),
        on: nameOf(Resource, policy, templates),
        ...(Condition === undefined ? {} : { when: inWords(Condition) }),
        ...(Effect === 'Allow' ? {} : { effect: String(Effect) }),
      },
    ]),
  );
}

/** A resource by what it is, from the construct path of the resource it names, in whichever stack that stands. */
function nameOf(resource: unknown, policy: Placed, templates: Templates): string {
  if (resource === '*') return 'everything';
  if (Array.isArray(resource)) return resource.map((one) => nameOf(one, policy, templates)).join(' and ');
  const text = inWords(resource);
  const sockets = /:execute-api:.*,"\/(live\/[^"]+)"/.exec(text);
  if (sockets) return `sockets ${sockets[1]}`;

  const [, here, elsewhere] =
    /"Fn::GetAtt":\["(\w+)"|OutputFnGetAtt(\w+?)(?:Stream)?Arn[0-9A-F]{8}"/.exec(text) ?? [];
  const named = find(templates, here ?? elsewhere ?? '');
  const [first, second] = named?.path.split('/') ?? [];
  if (named?.Type === 'AWS::DynamoDB::Table') {
    if (/StreamArn/.test(text)) return `stream of ${first}`;
    return `${text.includes('"/backup/*"') ? 'backups of ' : ''}table ${first}`;
  }
  if (named?.Type === 'AWS::S3::Bucket') {
    const [, objects = ''] = /,"(\/[^"]+)"\]\]\}$/.exec(text) ?? [];
    return `bucket ${first}${objects}`;
  }
  if (named?.Type === 'AWS::KMS::Key') return `key ${second}`;
  if (named?.Type === 'AWS::Cognito::UserPool') return 'user pool';
  if (named?.Type === 'AWS::SQS::Queue') return `queue ${first}`;
  if (named?.Type === 'AWS::Backup::BackupVault') return `vault ${first}`;
  const isOwnLog = named?.Type === 'AWS::Logs::LogGroup' && named.stack === policy.stack;
  if (isOwnLog && target(resource) === named.id && named.path === policy.path.replace(/Policy$/, 'Log'))
    return 'own log';
  return plainArn(resource) ?? text;
}

/** An ARN of nothing in the templates, where nothing stands in it but the place of the deployment. */
function plainArn(resource: unknown): string | undefined {
  const [, parts] = /^\{"Fn::Join":\["",\[(.*)\]\]\}$/.exec(JSON.stringify(resource)) ?? [];
  const spelt = parts
    ?.replaceAll('{"Ref":"AWS::Partition"}', '"<partition>"')
    .replaceAll('{"Ref":"AWS::Region"}', '"<region>"')
    .replaceAll('{"Ref":"AWS::AccountId"}', '"<account>"');
  return spelt === undefined || spelt.includes('{') ? undefined : JSON.parse(`[${spelt}]`).join('');
}

function inWords(value: unknown): string {
  return JSON.stringify(value ?? null)
    .replaceAll('{"Ref":"AWS::Region"}', '"<region>"')
    .replaceAll(/\{"Fn::Join":\["",\["([^"]*)","<region>","([^"]*)"\]\]\}/g, '"$1<region>$2"');
}
