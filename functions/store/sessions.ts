import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { DeviceKind } from '../../protocol/bodies.ts';
import type { PersonId } from '../../protocol/ids.ts';
import { entitlementsOf, isEnded } from '../domain/caller.ts';
import type { Entitlements } from '../domain/entitlements.ts';
import { Fault } from '../domain/fault.ts';
import type {
  EmergencyGrants,
  SeenSignIn,
  SessionRecord,
  Sessions,
  SignInToken,
  Socket,
} from '../domain/session-record.ts';
import { batchGet } from './batch-get.ts';
import { keys, personOf } from './keys.ts';

/** Longer than any token of a sign-in (12 h 15 min at most), so that a stamp outlives every token that it must refuse. */
const KEPT_SECONDS = 25 * 60 * 60;

/** Sockets that one registration takes off the list: an update expression holds 4 KB (DynamoDB developer guide, "Limits"). */
const MOST_FORGOTTEN = 50;

const EntitledItem = z.object({
  roles: z.array(z.string()),
  actsFor: z.array(z.string()).optional(),
  site: z.string().optional(),
});

const SocketItem = EntitledItem.extend({
  session: z.string(),
  auth: z.number().default(0), // listed before the time of sign-in was kept: any stamp refuses it
  exp: z.number(),
});

const GrantItem = z.object({ conversationId: z.string(), until: z.number() });

const SeenItem = z.object({ auth: z.number(), exp: z.number(), at: z.number() });

/** Attributes of a person's session item; `ended` says of each sign-in until when it must be refused, in seconds. */
const SessionItem = z.object({
  pk: z.string(),
  revokedUntil: z.number().optional(),
  ended: z.record(z.string(), z.number()).optional(),
  entitled: EntitledItem.optional(),
  sockets: z.record(z.string(), SocketItem).default({}),
});

type Update = (
  person: PersonId,
  input: Partial<ConstructorParameters<typeof UpdateCommand>[0]>,
) => Promise<unknown>;

/** One item per person: live sockets, the revocation stamp and the sign-ins that were ended one by one. */
export function sessions(
  client: DynamoDBDocumentClient,
  table: string,
  now: () => number,
): Sessions & EmergencyGrants {
  const update: Update = (person, input) =>
    client.send(new UpdateCommand({ TableName: table, Key: keys.session(person), ...input }));

  return {
    of: async (person) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.session(person), ConsistentRead: true }),
      );
      return Item ? recordOf(Item) : { sockets: [] };
    },

    ofMany: async (people) => {
      const items = await batchGet(
        client,
        table,
        people.map((person) => keys.session(person)),
      );
      return new Map(items.map((item) => [personOf({ pk: String(item.pk) }), recordOf(item)]));
    },

    register: async (socket, { connections = [], signIns = [] } = {}) => {
      const others = connections
        .slice(0, MOST_FORGOTTEN)
        .map((connectionId, place): Alias => [`#gone${place}`, connectionId]);
      const old = oldSignIns(signIns);
      const write = {
        UpdateExpression: `SET sockets.#socket = :socket, #seen = :seen, expiresAt = :kept${removing(
          others.map(([name]) => `sockets.${name}`),
          old.map(([name]) => name),
        )}`,
        ConditionExpression: `attribute_exists(sockets) AND ${NOT_ENDED}`,
        ExpressionAttributeNames: {
          '#socket': socket.connectionId,
          '#session': socket.session,
          '#seen': `${SEEN}${socket.session}`,
          ...Object.fromEntries([...others, ...old]),
        },
        ExpressionAttributeValues: {
          ':socket': socketItem(socket),
          ':seen': seenItem(socket, now()),
          ':authenticatedAt': socket.authenticatedAt,
          ':kept': keptUntil(now()),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const;
      // A person's first socket makes the map; two first sockets at once both end in it.
      const isListed =
        (await registered(update, socket, write)) ??
        (await registered(update, socket, firstSocket(socket, now()))) ??
        (await registered(update, socket, write));
      if (isListed === undefined) throw new Fault('a session item was gone between two writes');
      return isListed;
    },

    forget: async (person, connectionId) => {
      try {
        await update(person, {
          UpdateExpression: 'REMOVE sockets.#socket',
          ConditionExpression: 'attribute_exists(sockets.#socket)',
          ExpressionAttributeNames: { '#socket': connectionId },
        });
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // it was forgotten before
      }
    },

    noteSeen: async (token, at, isActive, instead) => {
      const old = oldSignIns(instead);
      await update(token.person, {
        UpdateExpression: `SET #seen = :seen, expiresAt = :kept${isActive ? ', #active = :at' : ''}${removing(
          old.map(([name]) => name),
        )}`,
        ExpressionAttributeNames: {
          '#seen': `${SEEN}${token.session}`,
          ...(isActive && { '#active': `${ACTIVE}${token.session}` }),
          ...Object.fromEntries(old),
        },
        ExpressionAttributeValues: {
          ':seen': seenItem(token, at),
          ':kept': keptUntil(now()),
          ...(isActive && { ':at': at }),
        },
      });
    },

    grantEmergency: async (person, session, grant) => {
      await update(person, {
        UpdateExpression: 'SET #glass = :grant, expiresAt = :kept',
        ExpressionAttributeNames: { '#glass': `${EMERGENCY}${session}` },
        ExpressionAttributeValues: { ':grant': { ...grant }, ':kept': keptUntil(now()) },
      });
    },

    noteDevice: async (person, session, device) => {
      await update(person, {
        UpdateExpression: 'SET #device = :device, expiresAt = :kept',
        ExpressionAttributeNames: { '#device': `${DEVICE}${session}` },
        ExpressionAttributeValues: { ':device': device, ':kept': keptUntil(now()) },
      });
    },
  };
}

/**
 * Attributes by sign-in, so that one write needs no map to be there: when somebody was last there, when it was last let
 * in, on what kind of device it is, and what it opened for an emergency.
 */
const ACTIVE = 'active.';
const SEEN = 'seen.';
const DEVICE = 'device.';
const EMERGENCY = 'emergency.';

/** A name in an expression, and the attribute it stands for. */
type Alias = readonly [name: string, attribute: string];

/** Everything that is remembered of these sign-ins. */
function oldSignIns(signIns: readonly string[]): readonly Alias[] {
  return signIns.slice(0, MOST_FORGOTTEN).flatMap((session, place): Alias[] => [
    [`#active${place}`, `${ACTIVE}${session}`],
    [`#seen${place}`, `${SEEN}${session}`],
    [`#device${place}`, `${DEVICE}${session}`],
    [`#glass${place}`, `${EMERGENCY}${session}`],
  ]);
}

function removing(...paths: readonly (readonly string[])[]): string {
  const all = paths.flat();
  return all.length > 0 ? ` REMOVE ${all.join(', ')}` : '';
}

function seenItem({ authenticatedAt, expiresAt }: SignInToken, at: number): z.infer<typeof SeenItem> {
  return { auth: authenticatedAt, exp: expiresAt, at };
}

/** What no write that lists a socket may overlook: a stamp that was set after the session was read. */
const NOT_ENDED =
  '(attribute_not_exists(revokedUntil) OR revokedUntil < :authenticatedAt) AND attribute_not_exists(ended.#session)';

function firstSocket(socket: Socket, now: number) {
  return {
    UpdateExpression: 'SET sockets = :sockets, #seen = :seen, expiresAt = :kept',
    ConditionExpression: `attribute_not_exists(sockets) AND ${NOT_ENDED}`,
    ExpressionAttributeNames: { '#session': socket.session, '#seen': `${SEEN}${socket.session}` },
    ExpressionAttributeValues: {
      ':seen': seenItem(socket, now),
      ':sockets': { [socket.connectionId]: socketItem(socket) },
      ':authenticatedAt': socket.authenticatedAt,
      ':kept': keptUntil(now),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}

/** Whether the socket was listed; nothing where the condition failed for another reason than an ended sign-in. */
async function registered(
  update: Update,
  socket: Socket,
  write: Parameters<Update>[1],
): Promise<boolean | undefined> {
  try {
    await update(socket.person, write);
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item && isEnded(recordOf(unmarshall(error.Item)), socket) ? false : undefined;
  }
}

/** Seconds since the epoch. */
export function keptUntil(now: number): number {
  return Math.floor(now / 1000) + KEPT_SECONDS;
}

function socketItem({ session, authenticatedAt, expiresAt, ...socket }: Socket): z.infer<typeof SocketItem> {
  return { ...entitledItem(socket), session, auth: authenticatedAt, exp: expiresAt };
}

/** Entitlements as an attribute of a session item. */
export function entitledItem(entitled: Entitlements): z.infer<typeof EntitledItem> {
  const { roles, actsFor, site } = entitlementsOf(entitled);
  return { roles: [...roles], actsFor: actsFor && [...actsFor], site };
}

/** What an item says by sign-in, in attributes that begin alike. */
function bySignIn<S extends z.ZodType>(
  item: unknown,
  prefix: string,
  schema: S,
): ReadonlyMap<string, z.infer<S>> {
  const attributes = Object.entries(item as Record<string, unknown>);
  const found = attributes.filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), schema.parse(value)]));
}

function seenIn(item: unknown): ReadonlyMap<string, SeenSignIn> {
  const found = bySignIn(item, SEEN, SeenItem);
  return new Map(
    [...found].map(([session, { auth, exp, at }]) => [
      session,
      { authenticatedAt: auth, expiresAt: exp, at },
    ]),
  );
}

/** What a session item says. */
export function recordOf(item: unknown): SessionRecord {
  const { pk, revokedUntil, ended, entitled, sockets } = SessionItem.parse(item);
  const person = personOf({ pk });
  const active = bySignIn(item, ACTIVE, z.number());
  const seen = seenIn(item);
  const devices = bySignIn(item, DEVICE, DeviceKind);
  const emergencies = bySignIn(item, EMERGENCY, GrantItem);
  return {
    ...(revokedUntil !== undefined && { revokedUntil }),
    ...(ended && { ended: new Set(Object.keys(ended)) }),
    ...(entitled && { entitled: entitlementsOf(entitled) }),
    ...(active.size > 0 && { activeAt: active }),
    ...(seen.size > 0 && { seen }),
    ...(devices.size > 0 && { devices }),
    ...(emergencies.size > 0 && { emergencies }),
    sockets: Object.entries(sockets).map(([connectionId, { session, auth, exp, ...socket }]) => ({
      person,
      connectionId,
      session,
      ...entitlementsOf(socket),
      authenticatedAt: auth,
      expiresAt: exp,
    })),
  };
}
