import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Clock, OutboxStorage, Unacknowledged } from '../../../sdk/index.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { type Clinic, PATIENCE, startClinic, upTo } from './clinic.ts';

const MESSAGES = 60;
const RESTARTS = 2;

/** The front door and the two APIs. */
const PORTS = 3;

let clinic: Clinic;
const dataDirectory = mkdtempSync(join(tmpdir(), 'restarted-'));
beforeAll(async () => {
  clinic = await startClinic(['ana', 'ben', 'cleo'], { dataDirectory, port: await freePorts(PORTS) });
});
afterAll(async () => {
  await clinic.close();
  rmSync(dataDirectory, { recursive: true, force: true });
});

test(
  'P1 and P4: a stack that is ended in the midst of traffic and started again has lost and doubled nothing',
  async () => {
    const id = await clinic.group('ana', 'ben', 'cleo');
    const observed = new Observed(
      {
        get stack() {
          return clinic.run.stack;
        },
      },
      id,
    );
    const theirs = () => ({ clock: realTime, random: () => 0.02, outbox: keptOutbox() });
    const writers = [await clinic.online('ana', theirs()), await clinic.online('ben', theirs())];
    const reader = await clinic.online('cleo', theirs());
    for (const [place, made] of [...writers, reader].entries())
      observed.device(['ana', 'ben', 'cleo'][place] ?? '', made);

    const sent = writers.flatMap(({ chat }) =>
      upTo(MESSAGES).map((place) => chat.conversation(id).send(`message ${place}`)),
    );
    const acknowledged = () => sent.filter(({ status }) => status === 'accepted').length;
    const cutAt: number[] = [];
    for (const round of upTo(RESTARTS)) {
      const goal = (round * sent.length) / (RESTARTS + 1);
      await expect.poll(acknowledged, { interval: 2, timeout: PATIENCE / 3 }).toBeGreaterThanOrEqual(goal);
      cutAt.push(acknowledged());
      await clinic.restart();
      for (const { chat } of [...writers, reader]) void chat.connect(); // as an app does when the network is back
    }
    await Promise.all(sent.map((message) => message.acknowledged));

    const figures = await observed.figures('P1, P4', 'restarted under traffic', await clinic.socket('cleo'), {
      restarts: RESTARTS,
      acknowledgedWhenCut: cutAt.join(' and '),
    });
    reportPromise('restarted-under-traffic', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({
      messages: sent.length,
      acknowledged: sent.length,
      storedInTable: sent.length,
    });
    expect(figures.missing.of).toBe(3 * sent.length);
    expect(Math.max(...cutAt)).toBeLessThan(sent.length);
    for (const { told } of [...writers, reader]) {
      expect(told.state.filter(({ to }) => to === 'live').length).toBeGreaterThan(RESTARTS);
    }
  },
  PATIENCE,
);

/** The stack's own clock ends with it. */
const realTime: Clock = {
  now: () => Date.now(),
  after: (milliseconds, fire) => {
    const timer = setTimeout(fire, milliseconds);
    return () => clearTimeout(timer);
  },
};

function keptOutbox(): OutboxStorage {
  const kept = new Map<string, Unacknowledged>();
  return {
    load: async () => [...kept.values()],
    put: async (message) => void kept.set(message.ref, message),
    remove: async (ref) => void kept.delete(ref),
  };
}

/** The first of so many free ports in a row. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const { port } = first.address() as { port: number };
    const others = await Promise.allSettled(upTo(count - 1).map((place) => listen(port + place)));
    const open = others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []));
    await Promise.all([first, ...open].map((server) => new Promise((closed) => server.close(closed))));
    if (open.length === count - 1) return port;
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
