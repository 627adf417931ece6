import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Network } from './lossy-socket.ts';

test('a network is not quiet while a message waits for its own answer, and is when that comes or its socket ends', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  const peers: WebSocket[] = [];
  server.on('connection', (peer) => peers.push(peer));
  const address = server.address();
  const network = new Network();
  const socket = new network.WebSocket(`ws://127.0.0.1:${typeof address === 'object' && address?.port}`, []);
  await expect.poll(() => network.open).toBe(1);
  await expect.poll(() => peers.length).toBe(1);
  expect(network.isQuiet).toBe(true);

  socket.send(JSON.stringify({ type: 'message.send', ref: 'one' }));
  peers[0]?.send(JSON.stringify({ type: 'message.new', ref: 'one' })); // the app may take it as stored by now
  await expect.poll(() => network.heard.length).toBe(1);
  expect(network.isQuiet).toBe(false);
  peers[0]?.send(JSON.stringify({ type: 'message.accepted', ref: 'one' }));
  await expect.poll(() => network.isQuiet).toBe(true);

  socket.send(JSON.stringify({ type: 'message.send', ref: 'two' }));
  expect(network.isQuiet).toBe(false);
  network.break();
  await expect.poll(() => network.isQuiet).toBe(true);
});
