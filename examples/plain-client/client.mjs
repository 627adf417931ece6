import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { renewTokens } from './sign-in.mjs';

const ANSWER_WITHIN_MS = 10_000;
const KEEP_ALIVE_MS = 5 * 60_000;

/** What the server refused, by its code (PROTOCOL.md, "Refusals"). */
export class Refused extends Error {
  constructor({ code, message, retryable }) {
    super(message);
    Object.assign(this, { name: 'Refused', code, retryable });
  }
}

/**
 * One signed-in device. It keeps each conversation's log in order, asks for what it missed, sends again what was not
 * acknowledged, and connects again until it is closed. Emits `entry` (conversationId, entry) once for each, in order.
 */
export class PlainClient extends EventEmitter {
  #deployment;
  #tokens;
  #socket;
  #closed = false;
  #logs = new Map();
  #replies = new EventEmitter().setMaxListeners(0);
  #asking = Promise.resolve();
  #timers = [];

  constructor(deployment, tokens) {
    super();
    this.#deployment = deployment;
    this.#tokens = tokens;
  }

  /** Opens the socket and registers it; the frame `session.opened`. */
  async connect() {
    const protocols = ['wardline.v1', `bearer.${this.#tokens.accessToken}`];
    const socket = new WebSocket(this.#deployment.webSocketUrl, protocols);
    await once(socket, 'open'); // a refused handshake rejects: 401 or 403
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(JSON.parse(data.toString())));
    socket.on('error', () => {}); // `close` follows, and says all there is to do
    socket.on('close', () => void this.#lost(socket));
    const opened = await this.#ask({ type: 'session.open' }, (frame) => frame.type === 'session.opened');
    this.#timers = [
      setInterval(() => this.#write({ type: 'session.open' }), KEEP_ALIVE_MS).unref(),
      setTimeout(
        () => void this.renew().catch(() => {}),
        (this.#tokens.expiresInSeconds - 60) * 1000,
      ).unref(),
    ];
    return opened;
  }

  /** Puts the open socket under a newer token; the frame `session.renewed`. */
  async renew() {
    this.#tokens = await renewTokens(this.#deployment, this.#tokens.refreshToken);
    const frame = { type: 'session.renew', token: this.#tokens.accessToken };
    return this.#ask(frame, (answer) => answer.type === 'session.renewed');
  }

  /** One HTTP request; its answer, or what it was refused with. */
  async request(method, path, body) {
    const answer = await fetch(new URL(path, this.#deployment.httpApiUrl), {
      method,
      headers: { authorization: `Bearer ${this.#tokens.accessToken}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const value = await answer.json();
    if (!answer.ok) throw new Refused(value);
    return value;
  }

  createConversation(kind, members, title) {
    return this.request('POST', 'conversations', {
      ref: randomUUID(),
      kind,
      members,
      ...(title && { title }),
    });
  }

  /** Sends until it is acknowledged: `ref` and `since` stay the same however often, so that it is stored once. */
  async send(conversationId, text, ref = randomUUID()) {
    let since = this.#log(conversationId).upTo;
    while (!this.#closed) {
      const body = { kind: 'text', text };
      const frame = { type: 'message.send', ref, conversationId, since, body };
      const answer = await this.#exchange(
        frame,
        (reply) => reply.ref === ref && reply.type !== 'message.new',
      );
      if (answer?.type === 'message.accepted') {
        const { seq, messageId, at } = answer;
        this.#keep(conversationId, [{ seq, messageId, at, body, ref }]);
        return answer;
      }
      if (answer?.code === 'behind') {
        await this.catchUp(conversationId);
        const stored = this.entries(conversationId).find((entry) => entry.ref === ref);
        if (stored) return { type: 'message.accepted', conversationId, ...stored };
        since = this.#log(conversationId).upTo;
      } else if (answer?.code === 'session-expired') {
        this.drop(); // a new socket comes with a new token
      } else if (answer && !answer.retryable) {
        throw new Refused(answer);
      }
      if (!answer || answer.code === 'busy') await wait(Math.random() * 500);
    }
    throw new Error(
      'the client was closed before the message was acknowledged: send it again with the same ref',
    );
  }

  /** Asks for everything after what this device knows without holes. */
  async catchUp(conversationId) {
    for (let more = true; more; ) {
      const frame = { type: 'conversation.catch-up', conversationId, since: this.#log(conversationId).upTo };
      const page = await this.#ask(
        frame,
        (reply) => reply.type === 'conversation.log' && reply.conversationId === conversationId,
      );
      this.#keep(conversationId, page.entries, Math.max(page.upTo, page.floor));
      more = page.more;
    }
  }

  /** What this device knows of a conversation, in order and without holes. */
  entries(conversationId) {
    const { upTo, bySeq } = this.#log(conversationId);
    return [...bySeq.values()].filter(({ seq }) => seq <= upTo).sort((a, b) => a.seq - b.seq);
  }

  /** Breaks the connection as a lost network would; the client comes back by itself. */
  drop() {
    this.#socket?.terminate();
  }

  close() {
    this.#closed = true;
    this.#stopTimers();
    this.#socket?.close(1000);
  }

  #receive(frame) {
    if (!frame.type) {
      this.#replies.emit('frame', { lost: true }); // API Gateway's own error: it does not say to which frame
      return;
    }
    if (frame.type === 'session.ended') {
      this.close(); // its tokens open nothing any more: the person signs in again
      this.emit('signed-out', new Error('the organisation ended this sign-in'));
    }
    if (frame.type === 'message.new') {
      const { type: _, conversationId, ...entry } = frame;
      this.#keep(conversationId, [entry]);
      const { upTo, bySeq } = this.#log(conversationId);
      if ([...bySeq.keys()].some((seq) => seq > upTo)) void this.catchUp(conversationId).catch(() => {}); // a gap
    }
    this.#replies.emit('frame', frame);
  }

  /** Keeps entries, tells of each that now has all before it, and forgets none. */
  #keep(conversationId, entries, accountedFor = 0) {
    const log = this.#log(conversationId);
    for (const entry of entries) if (!log.bySeq.has(entry.seq)) log.bySeq.set(entry.seq, entry);
    for (let seq = log.upTo + 1; seq <= accountedFor || log.bySeq.has(seq); seq += 1) {
      log.upTo = seq;
      if (log.bySeq.has(seq)) this.emit('entry', conversationId, log.bySeq.get(seq));
    }
  }

  #log(conversationId) {
    if (!this.#logs.has(conversationId)) this.#logs.set(conversationId, { upTo: 0, bySeq: new Map() });
    return this.#logs.get(conversationId);
  }

  async #lost(socket) {
    if (socket !== this.#socket) return;
    this.#stopTimers();
    this.#replies.emit('frame', { lost: true });
    for (let tries = 0; !this.#closed; tries += 1) {
      try {
        await wait(Math.random() * Math.min(30_000, 250 * 2 ** tries));
        if (tries > 0) this.#tokens = await renewTokens(this.#deployment, this.#tokens.refreshToken);
        await this.connect();
        for (const conversationId of this.#logs.keys()) await this.catchUp(conversationId);
        return;
      } catch (error) {
        if (error.name === 'NotAuthorizedException') return this.emit('signed-out', error);
      }
    }
  }

  /** A refusal of a frame without `ref` does not say of which: one of them at a time. */
  #ask(frame, isAnswer) {
    const answered = this.#asking.then(async () => {
      let answer;
      for (let tries = 0; !answer && tries < 3; tries += 1) {
        answer = await this.#exchange(
          frame,
          (reply) => isAnswer(reply) || (reply.type === 'refused' && !reply.ref),
        );
      }
      if (!answer) throw new Error(`no answer to ${frame.type}`);
      if (answer.type === 'refused') throw new Refused(answer);
      return answer;
    });
    this.#asking = answered.catch(() => {});
    return answered;
  }

  /** The answer; nothing where the connection was lost, or none came in time. */
  async #exchange(frame, isAnswer) {
    return new Promise((resolve) => {
      const end = (answer) => {
        clearTimeout(late);
        this.#replies.off('frame', hear);
        resolve(answer);
      };
      const hear = (reply) => {
        if (reply.lost) end();
        else if (isAnswer(reply)) end(reply);
      };
      const late = setTimeout(end, ANSWER_WITHIN_MS);
      this.#replies.on('frame', hear);
      if (!this.#write(frame)) end();
    });
  }

  #write(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #stopTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
