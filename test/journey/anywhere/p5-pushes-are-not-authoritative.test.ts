import { afterAll, beforeAll, expect, test } from 'vitest';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { type Fate, unsteadyWire } from '../../fixtures/observed/unsteady-wire.ts';
import { type AnyClinic, anyClinic, PATIENCE, upTo } from '../promises/clinic.ts';

const FLOOD = 120;

/** One more, whose push reaches everybody: who was not pushed the last of the flood hears of it. */
const MESSAGES = FLOOD + 1;

/** Of eight pushes two pass untouched. */
const fates: readonly Fate[] = ['late', 'twice', 'drop', 'pass', 'late', 'twice', 'drop', 'pass'];

let clinic: AnyClinic;
beforeAll(async () => {
  clinic = await anyClinic(['ana', 'ben']);
});
afterAll(() => clinic.close());

test(
  'P5: an app sees each message once and in order where pushes are repeated, overtaken and dropped',
  async () => {
    const { run } = clinic;
    let isSteady = false;
    const wire = await unsteadyWire(run.deployment.webSocketUrl, (push) =>
      isSteady ? 'pass' : (fates[push % fates.length] ?? 'pass'),
    );
    const id = await clinic.group('ana', 'ben');
    const observed = new Observed(run, id);
    const outputs = overWire(run.outputs, run.deployment.webSocketUrl, wire.url);
    const nurses = [await clinic.online('ana', { outputs }), await clinic.online('ana', { outputs })];
    for (const nurse of nurses) observed.device('ana', nurse);
    for (const _ of upTo(2)) observed.device('ben', await clinic.online('ben', { outputs }));
    // who takes pushes for the truth: shows that the wire does what it says
    const naive = await BareSocket.open(wire.url, clinic.person('ben').tokens.accessToken);
    await naive.ask({ type: 'session.open' });
    observed.socket('ben', naive);

    const sent = nurses.flatMap(({ chat }) =>
      upTo(FLOOD / 2).map((place) => chat.conversation(id).send(`message ${place}`).acknowledged),
    );
    await Promise.all(sent);
    isSteady = true;
    await nurses[0]?.chat.conversation(id).send('the last').acknowledged;
    const steady = await clinic.socket('ben');
    const figures = await observed.figures('P5', 'pushes repeated, overtaken and dropped', steady, {
      pushesRepeated: wire.did.twice,
      pushesDelayed: wire.did.late,
      pushesDropped: wire.did.drop,
    });
    naive.close();
    reportPromise('p5-an-unsteady-wire', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({
      messages: MESSAGES,
      acknowledged: MESSAGES,
      storedThroughCatchUp: MESSAGES,
    });
    expect(figures.missing.of).toBe(4 * MESSAGES);
    expect(figures.healed).toBeGreaterThan(MESSAGES / 4);

    const shown = figures.devices.at(-1);
    expect(shown?.repeatedOnWire).toBeGreaterThan(MESSAGES / 8);
    expect(shown?.overtakenOnWire).toBeGreaterThan(MESSAGES / 8);
    expect(Number(shown?.pushes) - Number(shown?.repeatedOnWire)).toBeLessThan(MESSAGES);
  },
  PATIENCE,
);

/** The outputs with the WebSocket API's address replaced. */
function overWire(outputs: AnyClinic['run']['outputs'], address: string, wire: string) {
  return JSON.parse(JSON.stringify(outputs).replaceAll(address, wire)) as typeof outputs;
}
