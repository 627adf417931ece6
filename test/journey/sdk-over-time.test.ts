import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { AwsError } from '../../local/front-door/service.ts';
import type * as sdk from '../../sdk/index.ts';
import { changedAssembly, unattended } from '../fixtures/assembly.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { type Devices, devicesOf, revoke, tokensOf, turn } from '../sdk/devices.ts';

const MINUTE = 60_000;

let run: Run;
let ana: Person;
let ben: Person;
let online: Devices['online'];
let getToken: Devices['getToken'];

let removeAssembly = () => {};
beforeAll(async () => {
  const assembly = await changedAssembly(unattended, (remove) => {
    removeAssembly = remove;
  });
  run = await startRun({ assembly }); // devices sleep for hours here, and journey/sign-out.test.ts says what becomes of their people
  ana = await run.person('ana-sdk', 'clinician');
  ben = await run.person('ben-sdk', 'patient');
  ({ online, getToken } = devicesOf(run));
});
afterAll(async () => {
  await run.close();
  removeAssembly();
});

describe('a device', () => {
  test('has the next socket open before the old one ends at two hours, and nothing is lost or doubled', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    await theirs.catchUp();
    const [first] = patient.network.sockets;
    let sent = 0;
    let most = 0;
    for (let minutes = 0; minutes < 240; minutes += 0.5) {
      await turn(run, 30_000, nurse, patient);
      if (minutes % 5 === 0 || patient.network.open > 1) {
        sent += 1;
        await theirs.send(`message ${sent}`).acknowledged;
      }
      most = Math.max(most, patient.network.open);
    }
    await expect.poll(() => patient.seqs(theirs.id)).toEqual(upTo(sent));
    expect(nurse.seqs(theirs.id)).toEqual(upTo(sent));
    expect(most).toBe(2);
    expect(first?.readyState).toBe(WebSocket.CLOSED);
    expect(patient.network.sockets).toHaveLength(3);
    for (const { told } of [nurse, patient])
      expect(told.state.map(({ to, code }) => `${to}: ${code}`)).toEqual([
        'connecting: connect-called',
        'live: opened',
      ]);
    expect(patient.network.sent.filter(({ type }) => type === 'session.renew').length).toBeGreaterThan(12);
  }, 240_000);

  test('whose token ran out comes back with a newer one, and its message is stored', async () => {
    let isOffline = false;
    const renewed = getToken(ana);
    const nurse = await online(ana, {
      getToken: async (need) => {
        if (isOffline) throw new Error('Cognito cannot be reached');
        return renewed(need);
      },
    });
    const theirs = await nurse.chat.createConversation(group());
    isOffline = true;
    for (let turns = 0; nurse.chat.state === 'live' && turns < 60; turns += 1) await turn(run, 30_000, nurse);
    expect(nurse.told.state.at(-1)).toMatchObject({ to: 'recovering', code: 'session-expired' });
    const waiting = theirs.send('after');
    isOffline = false;
    await nurse.chat.connect();
    expect(await waiting.acknowledged).toMatchObject({ seq: 1 });
  });

  test('that slept through everything finds its way back by itself', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    await theirs.send('before').acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toEqual([1]);
    run.stack.clock.advance(3 * 60 * MINUTE);
    await expect.poll(() => patient.told.state.some(({ to }) => to === 'recovering')).toBe(true);
    await theirs.send('after').acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toEqual([1, 2]);
  });

  test('whose session the organisation ended is signed out, what waited is erased, and the next sign-in goes on', async () => {
    const cleo = await run.person('cleo-sdk', 'clinician');
    let signedIn: sdk.GetToken = tokensOf(run, cleo);
    const doctor = await online(cleo, { getToken: (need) => signedIn(need) });
    const theirs = await doctor.chat.createConversation(group());
    await theirs.send('before').acknowledged;
    await revoke(run, cleo);
    const waiting = theirs.send('still to be said');
    await expect
      .poll(() => doctor.told.state.at(-1))
      .toMatchObject({ to: 'signed-out', code: 'session-ended' });
    await expect(waiting.acknowledged).rejects.toMatchObject({ code: 'session-ended' });
    expect(doctor.chat.unacknowledged()).toEqual([]);

    signedIn = async () => undefined;
    await expect(doctor.chat.connect()).rejects.toMatchObject({ code: 'nobody-signed-in' });
    signedIn = async () => ana.tokens.accessToken;
    await expect(doctor.chat.connect()).rejects.toMatchObject({ code: 'other-person' });
    signedIn = tokensOf(run, await signInAgain(run, cleo));
    await doctor.chat.connect();
    expect(await theirs.send('said after all').acknowledged).toMatchObject({ seq: 2 });
  });

  test('sends through a fault of the server: its own error frames end nothing', async () => {
    const nurse = await online(ana);
    const theirs = await nurse.chat.createConversation(group());
    await theirs.send('before').acknowledged;
    const remove = run.stack.faults.add({
      service: 'dynamodb',
      operation: 'PutItem',
      effect: {
        kind: 'refuse',
        error: () => new AwsError('InternalServerError', 'Internal server error', 500),
      },
    });
    const message = theirs.send('through');
    const isFault = (frame: object) => 'message' in frame && frame.message === 'Internal server error';
    await expect.poll(() => nurse.network.heard.some(isFault)).toBe(true);
    remove();
    expect(await message.acknowledged).toMatchObject({ seq: 2 });
    expect(nurse.told.state).toHaveLength(2);
  });
});

const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);
const group = () => ({ kind: 'group' as const, members: [ben.id] });
