import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropBefore, loseReply } from '../../../local/front-door/faults.ts';
import type { CallRecord } from '../../../local/front-door/meter.ts';
import type { Call } from '../../../local/front-door/service.ts';
import type { OutgoingMessage } from '../../../sdk/index.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { tableOf } from '../../fixtures/observed/stored.ts';
import type { Device } from '../../sdk/devices.ts';
import { type Clinic, functionNamed, PATIENCE, startClinic, upTo } from './clinic.ts';

const ROUNDS = 5;

/** Messages of a journey: one before anything goes wrong. */
const all = ROUNDS + 1;

/** API Gateway's answer to a frame whose function failed. */
const FAILED = 'Internal server error';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic(['ana', 'ben', 'cleo']);
});
afterAll(() => clinic.close());

describe('P1: a message is stored once, acknowledged once and given to everybody once', {
  timeout: PATIENCE,
}, () => {
  test('when the reply of its Put is lost, and the AWS SDK puts again', async () => {
    const { figures, facts } = await journey('the reply of the Put lost once', async (send) => {
      const puts = theirPuts();
      for (const _ of upTo(ROUNDS)) {
        const off = clinic.run.stack.faults.add({ ...thePut(), times: 1, effect: loseReply() });
        await send().acknowledged;
        off();
      }
      return puts();
    });
    expect(facts).toEqual({ puts: 2 * ROUNDS, repliesLost: ROUNDS });
    expect(figures.sendings).toBe(all);
  });

  test('when every reply of its Put is lost, and its function fails', async () => {
    const { figures, facts } = await journey('every reply of the Put lost', async (send, phone) => {
      const puts = theirPuts();
      for (const round of upTo(ROUNDS)) {
        const off = clinic.run.stack.faults.add({ ...thePut(), effect: loseReply() });
        const message = send();
        const failures = () => phone.network.heard.filter(({ message: said }) => said === FAILED).length;
        await expect.poll(failures, { interval: 5 }).toBeGreaterThanOrEqual(round);
        off();
        await message.acknowledged;
      }
      return puts();
    });
    expect(facts.repliesLost).toBeGreaterThan(ROUNDS);
    expect(figures.sendings).toBeGreaterThanOrEqual(all + ROUNDS);
  });

  test('when its acknowledgement is lost with the socket', async () => {
    const lost = new Set<unknown>();
    const { figures } = await journey(
      'the acknowledgement lost with the socket',
      async (send) => {
        for (const _ of upTo(ROUNDS)) await send().acknowledged;
        return { socketsCut: lost.size };
      },
      ({ type, ref }) => {
        if (type !== 'message.accepted' || lost.has(ref)) return 'pass';
        lost.add(ref);
        return 'break';
      },
    );
    expect(lost.size).toBe(ROUNDS);
    expect(figures.sendings).toBe(all + ROUNDS);
  });

  test('when its function dies between the Put and the acknowledgement', async () => {
    const { figures, facts } = await journey('the function killed after the Put', async (send) => {
      let kills = 0;
      for (const _ of upTo(ROUNDS)) kills += await killedDuring(send, isPut);
      return { kills };
    });
    expect(facts.kills).toBe(ROUNDS);
    expect(figures.sendings).toBe(all + ROUNDS);
  });

  test('when its function dies in the middle of its pushes', async () => {
    const { faults } = clinic.run.stack;
    const { figures, facts } = await journey('the function killed among its pushes', async (send) => {
      let kills = 0;
      for (const _ of upTo(ROUNDS)) {
        let dropped = false;
        const off = faults.add({
          service: 'execute-api',
          operation: 'PostToConnection',
          call: () => !dropped,
          after: 2, // two of the sockets hear it, and no other
          effect: dropBefore(),
        });
        kills += await killedDuring(
          send,
          ({ operation, status }) => operation === 'PostToConnection' && status === 0,
          () => {
            dropped = true;
            off();
          },
        );
      }
      return { kills };
    });
    expect(facts.kills).toBe(ROUNDS);
    expect(figures.sendings).toBe(all + ROUNDS);
    expect(figures.repeatedOnWire).toBeGreaterThan(0); // who had heard it hears it again
  });
});

type Send = () => OutgoingMessage;

/** Ana writes to a group from her phone; her other device and two people's devices listen. */
async function journey(
  name: string,
  go: (send: Send, phone: Device) => Promise<Record<string, number>>,
  inward: (frame: Readonly<Record<string, unknown>>) => 'pass' | 'break' = () => 'pass',
) {
  const id = await clinic.group('ana', 'ben', 'cleo');
  const quick = { random: () => 0.01 };
  const phone = await clinic.online('ana', quick);
  const observed = new Observed(clinic.run, id);
  observed.device('ana', phone);
  for (const member of ['ana', 'ben', 'cleo', 'cleo']) {
    observed.device(member, await clinic.online(member, quick));
  }
  const listener = await clinic.socket('ben');
  observed.socket('ben', listener);
  await phone.chat.conversation(id).send('the first, whose key is put too').acknowledged;
  phone.network.inward = inward;
  let written = 0;
  const facts = await go(() => {
    written += 1;
    return phone.chat.conversation(id).send(`message ${written}`);
  }, phone);
  const figures = await observed.figures('P1', name, listener, facts);
  reportPromise(`p1-${name.replaceAll(' ', '-')}`, figures);
  expect(violations(figures)).toEqual([]);
  expect(figures).toMatchObject({ messages: all, acknowledged: all, storedInTable: all });
  expect(figures.missing.of).toBe(5 * all);
  return { figures, facts };
}

/** The Put of a message, and not that of a conversation's new key. */
function thePut() {
  const TableName = tableOf(clinic.run.stack.resources, 'Conversations');
  return {
    service: 'dynamodb',
    operation: 'PutItem',
    call: ({ input }: Call) => input.TableName === TableName,
  };
}

/** Counts puts of messages from now on. */
function theirPuts() {
  let [puts, repliesLost] = [0, 0];
  const off = clinic.run.stack.meter.on((call) => {
    if (!isPut(call)) return;
    puts += 1;
    if (call.status === 0) repliesLost += 1;
  });
  return () => {
    off();
    return { puts, repliesLost };
  };
}

const isPut = ({ service, operation, principal = '' }: CallRecord) =>
  service === 'dynamodb' && operation === 'PutItem' && principal.includes('SendMessage');

/**
 * Sends, ends every environment of the function at the first call that fits, before its answer leaves the front door, and
 * waits for the acknowledgement. Gives how many environments were busy with it: 1.
 */
async function killedDuring(
  send: Send,
  fits: (call: CallRecord) => boolean,
  killed: () => void = () => {},
): Promise<number> {
  const { meter, functions } = clinic.run.stack;
  const name = functionNamed(clinic.run, 'SendMessage');
  let busy = 0;
  let gone: Promise<unknown> = Promise.resolve();
  const off = meter.on((call) => {
    if (!fits(call)) return;
    off();
    busy = functions
      .environments()
      .filter((environment) => environment.function === name && environment.state === 'busy').length;
    gone = functions.crash(name);
    killed();
  });
  const message = send();
  await message.acknowledged;
  await gone;
  return busy;
}
