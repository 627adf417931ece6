import { expect, test } from 'vitest';
import { live, MINUTE } from './pretend-chat.ts';

test('being there is told once a minute at most, and never by itself', async () => {
  const { chat, clock, deployment, told, sent } = await live();
  chat.active();
  await clock.turn(1000);
  expect(sent('session.keep')).toHaveLength(0);

  deployment.features = ['sync', 'sign-out'];
  deployment.open[0]?.end(1006);
  await clock.turn(30_000);
  for (let second = 0; second < 180; second += 1) {
    chat.active();
    await clock.turn(1000);
  }
  expect(sent('session.keep')).toHaveLength(3);
  expect(told.kept).toHaveLength(3);
  await clock.turn(30 * MINUTE);
  expect(sent('session.keep')).toHaveLength(3);
});

test('without a connection nothing is told, and a touch after it is', async () => {
  const { chat, clock, deployment, sent } = await live();
  deployment.features = ['sync', 'sign-out'];
  deployment.isReachable = false;
  deployment.open[0]?.end(1006);
  await clock.turn(1000);
  chat.active();
  await clock.turn(1000);
  deployment.isReachable = true;
  await clock.turn(60_000);
  expect(sent('session.keep')).toHaveLength(0);
  chat.active();
  await clock.turn(1000);
  expect(sent('session.keep')).toHaveLength(1);
});
