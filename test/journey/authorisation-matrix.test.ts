import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientFrames } from '../../protocol/frames.ts';
import { Role } from '../../protocol/roles.ts';
import { Cast, type Relation, relations } from '../fixtures/cast.ts';
import { httpRoutes } from '../fixtures/every-door.ts';
import { report } from '../fixtures/results.ts';
import { type Asked, asks, expected } from './authorisation.ts';

let cast: Cast;
beforeAll(async () => {
  cast = await Cast.assemble();
}, 300_000);
afterAll(() => cast.run.close());

interface Cell {
  readonly operation: string;
  readonly role: Role;
  readonly relation: Relation;
  readonly outcome: string;
  readonly wanted: string;
  readonly saw: boolean;
}

test('every frame and route answers every role, whatever they are to it, as the table says and no other way', async () => {
  const operations = [...Object.keys(clientFrames), ...httpRoutes(cast.run.stack)];
  expect(Object.keys(asks).sort()).toEqual([...operations].sort()); // a new operation has no cells yet
  const cells: Cell[] = [];
  for (const relation of relations) {
    if (relation === 'revoked') await cast.revokeEverybody();
    for (const role of Role.options) {
      for (const operation of operations) cells.push(await cellOf(operation, role, relation));
    }
  }

  const wrong = cells.filter(({ outcome, wanted }) => outcome !== wanted);
  const leaks = cells.filter(
    ({ saw, relation }) => saw && !['owner', 'member', 'reader', 'member on hold'].includes(relation),
  );
  const allowed = cells.filter(({ wanted }) => wanted === 'allowed');
  report('authorisation-matrix', {
    cells: cells.length,
    operations: operations.length,
    roles: Role.options.length,
    relations: relations.length,
    allowed: allowed.length,
    refused: cells.length - allowed.length,
    'other than the table says': { found: wrong.length, of: cells.length },
    'answers that showed the text to who may not read it': { found: leaks.length, of: cells.length },
  });
  expect(wrong).toEqual([]);
  expect(leaks).toEqual([]);
  expect(cells.length).toBeGreaterThanOrEqual(900);
  expect(cells.some(({ saw }) => saw)).toBe(true); // or no text would ever be seen
}, 600_000);

async function cellOf(operation: string, role: Role, relation: Relation): Promise<Cell> {
  const ask = asks[operation];
  if (!ask) throw new Error(`nobody knows how to ask ${operation}`);
  const as = cast.actor(role, relation);
  const answer: Asked = await ask(cast, as);
  const text = JSON.stringify(answer.answer);
  return {
    operation,
    role,
    relation,
    outcome: answer.code ?? 'allowed',
    wanted: expected(operation, role, relation),
    saw: text.includes(as.secret),
  };
}

test('the table of the matrix tells allowed and refused apart for every operation', () => {
  for (const operation of Object.keys(asks)) {
    const outcomes = new Set(
      relations.flatMap((relation) => Role.options.map((role) => expected(operation, role, relation))),
    );
    expect.soft([operation, outcomes.has('allowed'), outcomes.size > 1]).toEqual([operation, true, true]);
  }
});
