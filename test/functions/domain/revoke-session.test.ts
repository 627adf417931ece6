import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { socketsOf } from '../../../functions/domain/announcements.ts';
import { admit } from '../../../functions/domain/caller.ts';
import { type Receipt, signedBytes } from '../../../functions/domain/receipt.ts';
import {
  type Closing,
  endSessions,
  type Revocation,
  revokeSession,
} from '../../../functions/domain/revoke-session.ts';
import { renewSession } from '../../../functions/domain/session.ts';
import type { Identity, Socket } from '../../../functions/domain/session-record.ts';
import { RevocationReceipt } from '../../../protocol/requests.ts';
import { aConversation, callerNamed, MemorySessions, person } from './in-memory.ts';

const NOW = 1_800_000_000_500;
const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];
const [phone, tablet] = ['0192f0c1-7c00-7000-8000-000000000001', '0192f0c1-7c00-7000-8000-000000000002'];

/** A token of ana's as a door sees it: signed in at some time, good for another quarter of an hour. */
function identity(session: string, authenticatedAt: number, connectionId?: string): Identity {
  const expiresAt = NOW + 900_000;
  return {
    person: ana,
    session,
    roles: ['clinician'],
    authenticatedAt,
    expiresAt,
    ...(connectionId && { connectionId }),
  };
}

function aDeployment() {
  const sessions = new MemorySessions();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const steps: string[] = [];
  const closing = new Map<string, Closing>();
  let time = NOW;
  const rooms = {
    people: {
      profile: async (id: string) =>
        [ana, ben].includes(id) ? { person: id, roles: [], sub: `sub-of-${id}` } : undefined,
    },
    stamps: sessions,
    sockets: {
      close: async ({ connectionId }: Socket) => {
        steps.push(`close ${connectionId}`);
        return closing.get(connectionId) ?? 'closed';
      },
    },
    signIns: {
      endAll: async (sub: string) => {
        steps.push(`sign out ${sub}`);
        return true;
      },
    },
    signer: {
      keyId: 'arn:aws:kms:us-east-1:111122223333:key/k',
      algorithm: 'ECDSA_SHA_256' as const,
      sign: async (bytes: Uint8Array) => sign('sha256', bytes, privateKey),
    },
    now: () => time++,
    newId: () => person('receipt'),
  };
  const revoke = (wish: Revocation, by = callerNamed(ana)) => revokeSession(rooms, Promise.resolve(by), wish);
  return { sessions, rooms, steps, closing, revoke, publicKey };
}

const asked = (sessions: MemorySessions, token: Identity) =>
  admit(sessions, token, 'message.send', NOW + 1).then(
    () => 'admitted',
    ({ code }) => code,
  );

describe('ending all of a person’s sign-ins', () => {
  test('refuses by the time of sign-in, so that a token renewed meanwhile is refused, to the exact millisecond', async () => {
    const { sessions, revoke } = aDeployment();
    await revoke({ person: ana });
    const stamp = sessions.records.get(ana)?.revokedUntil ?? 0;
    expect(stamp).toBeGreaterThanOrEqual(NOW);
    expect(await asked(sessions, identity(phone, stamp - 1))).toBe('session-ended');
    expect(await asked(sessions, identity(phone, stamp))).toBe('session-ended');
    expect(await asked(sessions, identity(phone, stamp + 1))).toBe('admitted');
    const renewed = { ...identity(phone, stamp), expiresAt: NOW + 99 * 900_000 };
    expect(await asked(sessions, renewed)).toBe('session-ended');
  });

  test('closes every socket of theirs, gone ones counted apart, ends refresh tokens, and says so in order', async () => {
    const { sessions, revoke, steps, closing } = aDeployment();
    for (const id of ['one', 'two', 'three', 'four'])
      await sessions.register({ ...identity(phone, 5, id), connectionId: id });
    closing.set('two', 'gone').set('three', 'left-open');
    const { value, decision } = await revoke({ person: ana });
    expect(value).toMatchObject({
      ...{ person: ana, requestedBy: ana, socketsClosed: 2, socketsGone: 1, socketsLeftOpen: 1 },
      refreshTokensEnded: true,
    });
    expect(value).not.toHaveProperty('session');
    expect(decision).toMatchObject({ operation: 'session.revoke', object: ana, rule: 'own-session' });
    expect(steps).toEqual(['close one', 'close two', 'close three', 'close four', `sign out sub-of-${ana}`]);
    expect(Date.parse(value.revokedAt)).toBeGreaterThan(Date.parse(value.refusedFrom));
    expect(value.latencyMs).toBe(Date.parse(value.revokedAt) - NOW); // since it was asked for, the clock's first moment
    expect(Date.parse(value.refusedFrom)).toBeGreaterThan(sessions.records.get(ana)?.revokedUntil ?? 0);
  });

  test('says when the last frame of what was ended was noted, and nothing of what was not', async () => {
    const { sessions, revoke } = aDeployment();
    expect((await revoke({ person: ana, session: phone })).value).not.toHaveProperty('lastFrameAt');
    const seen = (token: Identity, at: number) => sessions.noteSeen(token, at, false, []);
    await seen(identity(phone, 5), NOW - 90_000);
    await seen(identity(tablet, 5), NOW - 30_000);
    await seen(identity('0192f0c1-7c00-7000-8000-000000000003', NOW + 60_000), NOW - 1); // signs in after the stamp
    const { value } = await revoke({ person: ana, session: phone });
    expect(value.lastFrameAt).toBe(new Date(NOW - 90_000).toISOString());
    expect((await revoke({ person: ana })).value.lastFrameAt).toBe(new Date(NOW - 30_000).toISOString());
  });

  test('leaves nobody a push, whatever sockets stay listed', async () => {
    const { sessions, revoke } = aDeployment();
    const chat = aConversation([ben, ana]);
    await sessions.register({ ...identity(phone, 5), connectionId: 'one' });
    const heard = () => socketsOf(sessions, chat.head, callerNamed(ben), NOW);
    expect(await heard()).toHaveLength(1);
    await revoke({ person: ana });
    expect(await heard()).toEqual([]);
  });

  test('is not undone by a socket that was read as live before and is listed or renewed after', async () => {
    const { sessions, revoke } = aDeployment();
    const token = identity(phone, 5, 'late');
    const of = sessions.of.bind(sessions);
    sessions.of = async (who) => {
      const before = await of(who);
      sessions.of = of;
      await revoke({ person: ana }); // between the read and the write
      return before;
    };
    expect(await asked(sessions, token)).toBe('session-ended');
    expect((await of(ana)).sockets).toEqual([]);

    const caller = { ...callerNamed(ana), connectionId: 'late', expiresAt: 1 };
    const newer = Promise.resolve({ ...token, expiresAt: NOW + 2 });
    await expect(renewSession(sessions, Promise.resolve(caller), token, newer)).rejects.toMatchObject({
      code: 'session-ended',
    });
  });
});

describe('ending one sign-in', () => {
  test('refuses it and closes its sockets, and leaves the person’s others and their refresh tokens alone', async () => {
    const { sessions, revoke, steps } = aDeployment();
    await sessions.register({ ...identity(phone, 5), connectionId: 'phone' });
    await sessions.register({ ...identity(tablet, 5), connectionId: 'tablet' });
    const { value } = await revoke({ person: ana, session: phone });
    expect(value).toMatchObject({ session: phone, socketsClosed: 1, refreshTokensEnded: false });
    expect(steps).toEqual(['close phone']);
    expect(await asked(sessions, identity(phone, NOW + 5, 'phone'))).toBe('session-ended');
    expect(await asked(sessions, identity(tablet, 5, 'tablet'))).toBe('admitted');
    const chat = aConversation([ben, ana]);
    const heard = await socketsOf(sessions, chat.head, callerNamed(ben), NOW);
    expect(heard.map(({ connectionId }) => connectionId)).toEqual(['tablet']);
  });

  test('is refused where too many were ended one by one, and all of them can be ended still', async () => {
    const { sessions, rooms, revoke, steps } = aDeployment();
    const full = {
      ...rooms,
      stamps: { endAll: sessions.endAll.bind(sessions), endOne: async () => 'full' as const },
    };
    const asking = revokeSession(full, Promise.resolve(callerNamed(ana)), { person: ana, session: phone });
    await expect(asking).rejects.toMatchObject({
      code: 'too-many-ended',
      decision: { rule: 'within-limits' },
    });
    expect(steps).toEqual([]);
    await revoke({ person: ana });
  });
});

describe('who may', () => {
  const by = (name: string, ...roles: string[]) => ({ ...callerNamed(name), roles });

  test.each(['administrator', 'privacy-officer'])('%s ends anybody’s sign-ins', async (role) => {
    const { revoke } = aDeployment();
    const { value, decision } = await revoke({ person: ana }, by(ben, 'clinician', role));
    expect(value.requestedBy).toBe(ben);
    expect(decision).toMatchObject({ rule: 'security-role', outcome: 'allowed' });
  });

  test.each([
    ...['patient', 'caregiver', 'clinician', 'staff', 'auditor', 'bot', 'guest'],
    ...['', 'Administrator', 'administrators', 'officer'],
  ])('nobody else: %s is refused, of whoever there is and is not, and nothing has changed', async (role) => {
    const { revoke, sessions, steps } = aDeployment();
    for (const who of [ana, cleo]) {
      for (const wish of [{ person: who }, { person: who, session: phone }]) {
        await expect(revoke(wish, by(ben, role))).rejects.toMatchObject({
          code: 'not-allowed',
          decision: { operation: 'session.revoke', object: who, outcome: 'refused' },
        });
      }
    }
    expect([sessions.records.size, steps.length]).toEqual([0, 0]);
  });

  test('somebody who is not there is unknown to those who may', async () => {
    const { revoke, sessions } = aDeployment();
    await expect(revoke({ person: cleo }, by(ben, 'administrator'))).rejects.toMatchObject({
      code: 'unknown-person',
    });
    expect(sessions.records.size).toBe(0);
  });
});

describe('the receipt', () => {
  test('is what PROTOCOL.md says, and its signature fits it and no changed one', async () => {
    const { revoke, publicKey } = aDeployment();
    const { value } = await revoke({ person: ana });
    expect(RevocationReceipt.parse(value)).toEqual(value);
    const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
    const fits = (receipt: Receipt) =>
      verify('sha256', signedBytes(receipt), key, Buffer.from(receipt.signature, 'base64'));
    const reordered = Object.fromEntries(Object.entries(value).reverse()) as Receipt;
    expect([fits(value), fits(reordered)]).toEqual([true, true]);
    for (const [name, part] of Object.entries(value)) {
      if (name === 'signature') continue;
      const other = typeof part === 'string' ? `${part}x` : typeof part === 'number' ? part + 1 : !part;
      expect(fits({ ...value, [name]: other }), name).toBe(false);
    }
  });

  test('is signed over canonical JSON as RFC 8785 has it', () => {
    const bytes = signedBytes({ b: 'x"\u20ac\n', a: 10, signature: 'none', A: true });
    expect(new TextDecoder().decode(bytes)).toBe('{"A":true,"a":10,"b":"x\\"€\\n"}');
  });

  test('names the operator where nobody signed in, and a fault of signing undoes nothing', async () => {
    const { rooms, sessions } = aDeployment();
    const wish = { profile: { person: ana, roles: [] } };
    expect(await endSessions(rooms, 'operator', wish, NOW)).toMatchObject({ requestedBy: 'operator' });
    sessions.records.clear();
    const broken = { ...rooms, signer: { ...rooms.signer, sign: () => Promise.reject(new Error('KMS')) } };
    await expect(endSessions(broken, 'operator', wish, NOW)).rejects.toThrow('KMS');
    expect(await asked(sessions, identity(phone, NOW))).toBe('session-ended');
  });
});
