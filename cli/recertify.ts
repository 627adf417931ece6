import type * as z from 'zod';
import { openList, pageOf, quarterOf, signOne, type Verdict } from '../functions/domain/recertify.ts';
import { recertificationPage, signedOffAnswer } from '../functions/wiring/answers.ts';
import type { RecertificationPage, SignedOff } from '../protocol/people.ts';
import type { RevokingDeployment } from './deployment.ts';
import { Failure } from './failure.ts';
import { roomsAbout, roomsAboutAll } from './moving.ts';
import { reportLost } from './users-arguments.ts';

type List = z.infer<typeof RecertificationPage>;

/** Opens this quarter's list, fills it to the end, and gives all of it. */
export async function showList(deployment: RevokingDeployment): Promise<List> {
  const rooms = await roomsAboutAll(deployment, reportLost);
  let progress = await openList(rooms, 'operator');
  while (!progress.isFilled) progress = await openList(rooms, 'operator');
  const entries: List['entries'] = [];
  for (let after: string | undefined; ; ) {
    const page = await pageOf(rooms.lists, progress.quarter, after);
    if (!page) throw new Failure('environment', 'the list was gone as soon as it was opened');
    const { next, ...answer } = recertificationPage(page);
    entries.push(...answer.entries);
    if (next === undefined) return { ...answer, entries };
    after = next;
  }
}

/** The operator's verdict on one person, of any role, on this quarter's list. */
export async function sign(
  deployment: RevokingDeployment,
  named: string,
  verdict: Verdict,
): Promise<z.infer<typeof SignedOff>> {
  const { rooms, profile } = await roomsAbout(deployment, named, reportLost);
  const outcome = await signOne(rooms, 'operator', quarterOf(rooms.now()), profile, verdict);
  if (typeof outcome === 'object') return signedOffAnswer(outcome);
  throw new Failure('finding', why[outcome]);
}

const why = {
  'not-opened': 'this quarter has no list yet: wardline users recertify opens it',
  'not-listed': 'this person joined after the list was opened, and stands on the next one',
  'signed-off': 'somebody has signed this person off with another verdict',
  overtaken: 'somebody else has changed this person just now: look, and give the command again',
} as const;
