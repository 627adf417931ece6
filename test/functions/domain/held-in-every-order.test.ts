import { describe, expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import { type Head, memberOf } from '../../../functions/domain/conversation.ts';
import { destroyKeys } from '../../../functions/domain/destroy-keys.ts';
import { endGrants } from '../../../functions/domain/end-grants.ts';
import type { Unheld } from '../../../functions/domain/held.ts';
import { type Hold, placeHold } from '../../../functions/domain/holds.ts';
import { restamp } from '../../../functions/domain/restamp.ts';
import { type ShredRecord, shredConversation } from '../../../functions/domain/shred-conversation.ts';
import { aConversation, aRef, aRetention, callerNamed, cliniciansOf, person } from './in-memory.ts';
import { MemoryObjects } from './in-memory-attachments.ts';
import { inEveryOrder, inTurn, MemoryHolds } from './in-memory-holds.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const [ana, cleo, olga, otto] = [person('ana'), person('cleo'), person('olga'), person('otto')];

type Turn = () => Promise<void>;

/** A conversation of ana and cleo whose steps happen in turns, with its keys and its holds. */
class Scene {
  now = NOW;
  readonly chat = aConversation([ana, cleo], () => this.now);
  readonly holds = new MemoryHolds(this.chat.log);
  readonly id = this.chat.conversationId;
  readonly keys = new Set(['2020-01', '2020-02']);
  readonly listed = new Map<string, ShredRecord>();
  restamp = {
    asked: 1,
    done: 0,
    version: 1,
    days: 30,
    run: { upTo: 0, pass: 'heads', notBefore: 0 },
  } as never;
  certificate: unknown;

  get head(): Head {
    return this.chat.log.heads.get(this.id) as Head;
  }

  change(fields: Partial<Head>): void {
    this.chat.log.heads.set(this.id, { ...this.head, ...fields });
  }

  /** Cleo's time is over, and nobody has written it into the log yet. */
  endCleosTime(): void {
    const until = NOW - 1;
    this.change({ members: this.head.members.map((one) => (one.person === cleo ? { ...one, until } : one)) });
    this.chat.rooms.ends.noted.push({ conversationId: this.id, person: cleo, until });
  }

  place(turn: Turn, objects: { people?: string[]; conversations?: string[] }): Promise<Hold> {
    const rooms = {
      ...this.chat.rooms,
      log: inTurn(this.chat.log, turn, ['head']),
      people: { ...cliniciansOf(), profile: async () => undefined },
      holds: inTurn(this.holds, turn, ['place', 'countPlacing']),
      requests: { ask: async (request: never) => request, close: async () => {} },
    };
    const caller = Promise.resolve({ ...callerNamed(olga), roles: ['privacy-officer'] });
    const wish = { ref: aRef(), reason: 'M-1', ...objects };
    return placeHold(rooms, caller, wish).then(({ value }) => value);
  }

  memberships(turn: Turn) {
    return {
      ...this.chat.rooms,
      log: inTurn(this.chat.log, turn, ['appendMembership']),
      holds: inTurn(this.holds, turn, ['placings', 'all', 'keep']),
      failed: (_: string, error: unknown) => {
        throw error;
      },
    };
  }

  changeCleo(turn: Turn, who: string, kind: 'member.added' | 'member.removed') {
    return changeMembers(this.memberships(turn), Promise.resolve(callerNamed(who)), this.id, {
      kind,
      person: cleo,
    });
  }

  /** The stamping, as far as its next wait. */
  walk(turn: Turn) {
    const { chat } = this;
    return restamp({
      ...chat.rooms,
      now: () => this.now,
      retention: aRetention({ default: 30 }),
      retentionDays: 30,
      holds: inTurn(this.holds, turn, ['all']),
      restamps: {
        standing: async () => this.restamp,
        ask: async () => 1,
        save: async (_before, after) => {
          this.restamp = { ...after, version: 1 } as never;
          return true;
        },
      },
      store: {
        heads: async () => {
          await turn();
          return { found: [this.head] };
        },
        entries: async () => ({ found: [] }),
        bring: async ({ holds = [] }, wanted) => {
          await turn();
          const added = wanted.holds.filter((one) => !holds.includes(one));
          const taken = holds.filter((one) => !wanted.holds.includes(one));
          const kept = [...(this.head.holds ?? []), ...added].filter((one) => !taken.includes(one));
          this.change({ retentionDays: wanted.retentionDays, holds: [...new Set(kept)] });
        },
        stamp: async () => {},
      },
    });
  }

  /** Lets every stamping that was asked for come to its end. */
  async settle(): Promise<void> {
    this.restamp = { ...(this.restamp as object), asked: 2 } as never;
    for (let minute = 0; minute < 4; minute += 1) {
      this.now += 61_000;
      await this.walk(async () => {});
    }
  }

  isUnheld({ membersVersion, placings }: Unheld): boolean {
    const isSame = this.head.membersVersion === membersVersion && this.chat.log.placings === placings;
    return isSame && (this.head.holds ?? []).length === 0;
  }

  shredding(turn: Turn) {
    return {
      ...this.chat.rooms,
      now: () => this.now,
      log: inTurn(this.chat.log, turn, ['head']),
      holds: inTurn(this.holds, turn, ['placings', 'all']),
      records: {
        all: async () => [...this.listed.values()],
        begin: async (record: ShredRecord, look: Unheld) => {
          await turn();
          if (!this.isUnheld(look)) return false;
          this.listed.set(this.id, record);
          this.change({ shreddedAt: record.shreddedAt });
          return true;
        },
        putBesideKeys: async (record: ShredRecord) => {
          await turn();
          return { record };
        },
        putBesideHead: async ({ shreddedAt }: ShredRecord) => this.change({ shreddedAt }),
        certificateOf: async () => undefined,
        keepCertificate: async (certificate: unknown) => {
          this.certificate = certificate;
        },
      },
      keys: {
        shred: async () => {
          await turn();
          const epochs = [...this.keys];
          this.keys.clear();
          return { epochs, stood: epochs.length };
        },
      },
      objects: new MemoryObjects(),
      exports: { all: async () => [], one: async () => undefined, replace: async () => true },
      exportFiles: { remove: async () => 0 },
      signer: { keyId: 'k', algorithm: 'ECDSA_SHA_256' as const, sign: async () => new Uint8Array(1) },
      ...{ recoveryDays: 7, backupDays: 35 },
    };
  }

  shred(turn: Turn) {
    const approved = { conversationId: this.id, requestedBy: olga, approvedBy: otto };
    return shredConversation(this.shredding(turn), approved);
  }

  /** The daily walk through the keys. */
  destroy(turn: Turn) {
    const conversationId = this.id;
    const standing = () => [...this.keys].map((epoch) => ({ conversationId, epoch, under: epoch }));
    return destroyKeys({
      ...this.shredding(turn),
      titles: { replace: async () => true },
      vault: this.chat.rooms.vault,
      failed: (_, error) => {
        throw error;
      },
      keys: {
        standing: async function* () {
          yield standing();
        },
        destroy: async () => true,
        destroyUnheld: async (due) => {
          await turn();
          if (!due.every(({ look }) => look === undefined || this.isUnheld(look))) return false;
          for (const { key } of due) this.keys.delete(key.epoch);
          return true;
        },
      },
    });
  }
}

/** Does something and notes how the conversation stood when it was answered. */
const answered = <T>(scene: Scene, done: Promise<T>) =>
  done.then((value) => ({ value, head: scene.head, keys: scene.keys.size }));

describe('a hold on a person keeps what they were in when it was answered, in every order of steps', () => {
  const ways: Record<string, (scene: Scene, turn: Turn) => Promise<unknown>> = {
    'removed by an owner': (scene, turn) => scene.changeCleo(turn, ana, 'member.removed'),
    'left by themselves': (scene, turn) => scene.changeCleo(turn, cleo, 'member.removed'),
    'ended by time': async (scene, turn) => endGrants(scene.memberships(turn)),
  };

  /** Stages it with and without a stamping that was under way; gives the orders, and those in which it was kept. */
  async function staged(leave: (typeof ways)[string] | undefined, isWalking: boolean) {
    let kept = 0;
    const orders = await inEveryOrder(() => {
      const scene = new Scene();
      if (leave === ways['ended by time']) scene.endCleosTime();
      const at: Record<string, Head> = {};
      scene.holds.turn = async (what) => {
        at[what] = scene.head;
      };
      const play = {
        place: (turn: Turn) => scene.place(turn, { people: [cleo] }),
        leave: async (turn: Turn) => leave?.(scene, turn),
        ...(isWalking && { walk: (turn: Turn) => scene.walk(turn) }),
      };
      const look = async () => {
        await scene.settle();
        const [hold] = scene.holds.held.values();
        expect([hold?.state, memberOf(scene.head, cleo)]).toEqual(['in-force', undefined]);
        const isKept = scene.head.holds?.includes(hold?.holdId ?? '') ?? false;
        if (isIn(at.countPlacing)) expect(isKept).toBe(true);
        // a stamping that read the head while they were in it may keep too much
        if (!isWalking && !isIn(at.place)) expect(isKept).toBe(false);
        if (isKept) kept += 1;
      };
      return { play, look };
    });
    return { orders, kept };
  }

  const isIn = (head: Head | undefined) => head !== undefined && memberOf(head, cleo) !== undefined;

  test.each(Object.entries(ways))('%s', async (_way, leave) => {
    const alone = await staged(leave, false);
    expect(alone.orders).toBeGreaterThan(10);
    expect(alone.kept).toBeGreaterThan(5);
    expect(alone.kept).toBeLessThan(alone.orders);
  });

  test('and whatever a stamping that is under way writes', async () => {
    const { orders, kept } = await staged(ways['removed by an owner'], true);
    expect(orders).toBeGreaterThan(500);
    expect(kept).toBeLessThan(orders);
  });
});

describe('no key is destroyed after a hold was answered, in every order of steps', () => {
  const destructions: Record<string, (scene: Scene, turn: Turn) => Promise<unknown>> = {
    shredding: (scene, turn) => scene.shred(turn),
    'the daily walk': (scene, turn) => scene.destroy(turn),
  };
  const objects = {
    'the conversation': (scene: Scene) => ({ conversations: [scene.id] }),
    'a member': () => ({ people: [cleo] }),
  };
  const cases = Object.keys(destructions).flatMap((what) =>
    Object.keys(objects).map((on) => [what, on] as const),
  );

  test.each(cases)('by %s, where it is placed on %s', async (what, on) => {
    const outcomes = new Set<string>();
    await inEveryOrder(() => {
      const scene = new Scene();
      let placed: Awaited<ReturnType<typeof answered<Hold>>> | undefined;
      const play = {
        place: async (turn: Turn) => {
          placed = await answered(scene, scene.place(turn, objects[on as keyof typeof objects](scene)));
        },
        destroy: (turn: Turn) => (destructions[what] as (typeof destructions)[string])(scene, turn),
      };
      const look = () => {
        const isDecided = placed?.head.shreddedAt !== undefined;
        if (!isDecided) expect(scene.keys.size).toBe(placed?.keys);
        if (isDecided && on === 'the conversation') expect(placed?.value.destroyed).toEqual([scene.id]);
        else expect(placed?.value.destroyed).toBeUndefined();
        const isDestroyed = scene.keys.size === 0;
        expect(scene.certificate !== undefined).toBe(isDestroyed && what === 'shredding');
        outcomes.add(isDestroyed ? 'destroyed' : 'kept');
      };
      return { play, look };
    });
    expect([...outcomes].sort()).toEqual(['destroyed', 'kept']);
  });

  test.each(Object.keys(destructions))('by %s, where somebody on hold comes in meanwhile', async (what) => {
    const outcomes = new Set<string>();
    await inEveryOrder(() => {
      const scene = new Scene();
      scene.change({ members: scene.head.members.filter((one) => one.person === ana) });
      scene.holds.held.set('h', { ...aHoldOn(cleo), holdId: 'h' });
      scene.chat.log.placings = 1;
      let joined: Awaited<ReturnType<typeof answered<unknown>>> | undefined;
      const play = {
        join: async (turn: Turn) => {
          joined = await answered(scene, scene.changeCleo(turn, ana, 'member.added'));
        },
        destroy: (turn: Turn) => (destructions[what] as (typeof destructions)[string])(scene, turn),
      };
      const look = () => {
        if (joined?.head.shreddedAt === undefined) expect(scene.keys.size).toBe(joined?.keys);
        outcomes.add(scene.keys.size === 0 ? 'destroyed' : 'kept');
      };
      return { play, look };
    });
    expect([...outcomes].sort()).toEqual(['destroyed', 'kept']);
  });

  test('a shredding that dies anywhere is as if never begun, or is finished by asking again and by the daily walk', async () => {
    const outcomes = new Set<string>();
    for (const finish of ['shredding', 'the daily walk'] as const) {
      for (let dies = 0; dies < 7; dies += 1) {
        const scene = new Scene();
        scene.keys.add('2027-01'); // of this month
        let steps = 0;
        const dying = scene.shred(async () => {
          steps += 1;
          if (steps > dies) throw new Error('the function died');
        });
        await dying.catch(() => {});
        const isDecided = scene.head.shreddedAt !== undefined;
        const hold = await scene.place(async () => {}, { conversations: [scene.id] });
        expect(hold.destroyed).toEqual(isDecided ? [scene.id] : undefined);
        const answer = await (destructions[finish] as (typeof destructions)[string])(scene, async () => {});
        if (finish === 'shredding' && !isDecided) expect(answer).toBe('on-hold');
        if (finish === 'shredding' && isDecided) expect(answer).toMatchObject({ conversationId: scene.id });
        expect(scene.keys.size).toBe(isDecided ? 0 : 3);
        outcomes.add(`${finish} ${isDecided}`);
      }
    }
    expect(outcomes.size).toBe(4);
  });
});

function aHoldOn(who: string): Hold {
  return {
    ...{ holdId: 'h', reason: 'M-1', people: [who], conversations: [], state: 'in-force' },
    ...{ placedBy: olga, placedAt: NOW - DAY_MS, restamp: 0 },
  };
}
