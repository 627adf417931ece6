import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import type { Outputs, PoolAddress } from '../../deployment.ts';
import { type Assembly, ofType, type Resource, valueAt } from '../assembly.ts';
import type { Finding } from '../check.ts';
import { type Clients, judged, type Question, words } from './question.ts';

/** Where a deployment is asked. */
export interface Asked {
  readonly address: Pick<PoolAddress, 'region' | 'endpoint'> & {
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly outputs: Outputs;
}

/** What one resource of the running deployment answered to one question, or why it did not. */
export interface Answer {
  readonly question: string;
  readonly call: string;
  /** CDK path. */
  readonly resource: string;
  /** Absent where there is an answer; begins with `not asked:` or `not answered:`. */
  readonly silence?: string;
  readonly findings: readonly Finding[];
}

/**
 * Puts each question to each resource that it is about. A resource is known by the outputs of its stack.
 *
 * @throws whatever AWS answers but "no such operation" of a local run and "you may not"
 */
export async function askAll(
  questions: readonly Question[],
  assembly: Assembly,
  deployment: Asked | undefined,
): Promise<readonly Answer[]> {
  const names = deployment ? namesOf(assembly, deployment.outputs) : new Map<Resource, string>();
  const clients = deployment && clientsOf(deployment.address);
  const answers: Answer[] = [];
  for (const question of questions) {
    const about = question.types
      .flatMap((type) => ofType(assembly, type))
      .filter((resource) => question.among?.(resource) ?? true);
    for (const resource of about) {
      const told = { question: question.id, call: question.call, resource: resource.path };
      const name = names.get(resource);
      const why = whyNotAsked(question, deployment, name);
      if (why !== undefined || !clients || name === undefined) {
        answers.push({ ...told, silence: `not asked: ${why}`, findings: [] });
        continue;
      }
      const pool = names.get(
        assembly.pointsTo(resource.properties.UserPoolId, resource.stack)[0] ?? resource,
      );
      const heard = await hear(
        question,
        clients,
        name,
        pool ?? '',
        deployment?.address.endpoint !== undefined,
      );
      answers.push({
        ...told,
        ...('silence' in heard ? { ...heard, findings: [] } : compared(question, resource, heard.answer)),
      });
    }
  }
  for (const client of Object.values(clients ?? {})) client.destroy();
  return answers;
}

function whyNotAsked({ ask, byHand }: Question, deployment?: Asked, name?: string): string | undefined {
  if (!ask) return `this command has no client of that service; ask with ${byHand}`;
  if (!deployment) return 'no deployment was named';
  if (name === undefined) return 'the outputs do not name it';
  return undefined;
}

async function hear(
  { ask, call }: Question,
  clients: Clients,
  name: string,
  pool: string,
  isLocal: boolean,
): Promise<{ readonly answer: unknown } | { readonly silence: string }> {
  try {
    return { answer: await ask?.(clients, name, pool) };
  } catch (error) {
    const kind = error instanceof Error ? error.name : '';
    if (isLocal && /^(UnknownOperationException|NotImplemented)$/.test(kind))
      return { silence: `not asked: the local run does not serve ${call}` };
    if (/^AccessDenied(Exception)?$/.test(kind)) return { silence: `not answered: ${kind} to ${call}` };
    throw error;
  }
}

function compared({ wants }: Question, resource: Resource, answer: unknown): Pick<Answer, 'findings'> {
  return {
    findings: Object.entries(wants).map(([property, wanted]) => {
      const value = valueAt(answer, property);
      return { resource: resource.path, property, ...judged(wanted, value), seen: words(value) };
    }),
  };
}

/** What each resource is called on the deployment, where an output of its stack is its name or ARN and nothing else. */
function namesOf(assembly: Assembly, outputs: Outputs): ReadonlyMap<Resource, string> {
  const names = new Map<Resource, string>();
  for (const { stack, name, value } of assembly.outputs) {
    const told = outputs[stack]?.[name];
    if (told === undefined || typeof value !== 'object' || value === null) continue;
    const [target] = assembly.pointsTo(value, stack);
    if (!target) continue;
    if ('Ref' in value || 'Fn::ImportValue' in value) names.set(target, told);
    else if (target.type === 'AWS::KMS::Key' && valueAt(value, 'Fn::GetAtt.1') === 'Arn')
      names.set(target, told);
  }
  return names;
}

function clientsOf({ region, endpoint, credentials }: Asked['address']): Clients {
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  return {
    tables: new DynamoDBClient(settings),
    keys: new KMSClient(settings),
    pool: new CognitoIdentityProviderClient(settings),
    buckets: new S3Client(settings),
  };
}
