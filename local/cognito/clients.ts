import { randomBytes } from 'node:crypto';
import { AwsError } from '../front-door/service.ts';
import type { Resource } from '../template/resource.ts';
import { type ClientSettings, readClient } from './client-settings.ts';
import { requiredText } from './input.ts';
import { pageOf } from './pages.ts';
import { type Cognito, type Input, type Outcome, type Pool, poolOf } from './pools.ts';
import { secretOf } from './secret-hash.ts';

/** CreateUserPoolClient: a client beside those of the template, by the same properties. Its secret is in this answer. */
export function createUserPoolClient(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  requiredText(input, 'ClientName');
  const settings = madeClient(newId(), input);
  keepClient(pool, settings);
  pool.state.clients.set(settings.id, input);
  cognito.file.save();
  return { body: { UserPoolClient: described(pool, settings) } };
}

/** DeleteUserPoolClient: it gets no token any more; those it has verify until they expire. */
export function deleteUserPoolClient(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const id = requiredText(input, 'ClientId');
  if (!pool.clients.delete(id)) throw unknownClient(id);
  pool.state.clients.delete(id);
  pool.state.clientSecrets.delete(id);
  cognito.file.save();
  return { body: {} };
}

/** ListUserPoolClients: ids and names, at most 60 on a page. */
export function listUserPoolClients(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const { entries, next } = pageOf(
    [...pool.clients.values()],
    { ...input, Limit: input.MaxResults },
    'NextToken',
  );
  return {
    body: {
      UserPoolClients: entries.map(({ id, properties }) => ({
        ClientId: id,
        UserPoolId: pool.settings.id,
        ClientName: properties.ClientName,
      })),
      ...(next !== undefined && { NextToken: next }),
    },
  };
}

/** DescribeUserPoolClient: the properties it was made with, and the secret where there is one. */
export function describeUserPoolClient(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const id = requiredText(input, 'ClientId');
  const client = pool.clients.get(id);
  if (!client) throw unknownClient(id);
  return { body: { UserPoolClient: described(pool, client) } };
}

/** Keeps a client that may have these scopes, with a secret of its own where it asked for one. */
export function keepClient(pool: Pool, settings: ClientSettings): void {
  const foreign = settings.machine?.scopes.find((scope) => !pool.scopes.has(scope));
  if (foreign !== undefined)
    throw new AwsError('ScopeDoesNotExistException', `Invalid scope requested: ${foreign}`);
  pool.clients.set(settings.id, settings);
  if (settings.hasSecret && !pool.state.clientSecrets.has(settings.id))
    pool.state.clientSecrets.set(settings.id, newSecret());
}

/** The clients that calls have made, as a run before this one kept them. */
export function addKeptClients(pool: Pool): void {
  for (const [id, properties] of pool.state.clients) pool.clients.set(id, madeClient(id, properties));
}

function madeClient(id: string, properties: Input): ClientSettings {
  const resource: Resource = {
    ...{ stack: '', type: 'CreateUserPoolClient', logicalId: String(properties.ClientName) },
    ...{ ref: id, attributes: {}, properties },
  };
  try {
    return readClient(resource);
  } catch (error) {
    throw new AwsError('InvalidParameterException', error instanceof Error ? error.message : String(error));
  }
}

function described(pool: Pool, client: ClientSettings): Readonly<Record<string, unknown>> {
  const { GenerateSecret: _, ...properties } = client.properties;
  const secret = secretOf(pool, client);
  return { ...properties, ClientId: client.id, ...(secret && { ClientSecret: secret }) };
}

function unknownClient(id: string): AwsError {
  return new AwsError('ResourceNotFoundException', `User pool client ${id} does not exist.`);
}

/** 26 lower-case letters and digits, as Cognito makes them. */
function newId(): string {
  return lettersAndDigits(26);
}

/** 51 of them. */
function newSecret(): string {
  return lettersAndDigits(51);
}

function lettersAndDigits(count: number): string {
  return Array.from(randomBytes(count), (byte) => (byte % 36).toString(36)).join('');
}
