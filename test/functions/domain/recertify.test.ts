import { expect, test } from 'vitest';
import {
  openRecertification,
  quarterOf,
  readRecertification,
  signOff,
  type Verdict,
} from '../../../functions/domain/recertify.ts';
import { Role } from '../../../protocol/roles.ts';
import { person } from './in-memory.ts';
import { anOrganisation, asking, NOW, outcomeOf } from './in-memory-people.ts';

const Q4 = '2026-Q4';
const names = ['ada', 'nora', 'olga', 'pia', 'sam'];
const [ada = '', nora = '', olga = '', pia = '', sam = ''] = names.map(person);

function aClinic() {
  return anOrganisation([
    { person: ada, roles: ['administrator'] },
    { person: nora, roles: ['clinician'], site: 'north', sub: 'sub-of-nora' },
    { person: olga, roles: ['privacy-officer'] },
    { person: pia, roles: ['patient'], site: 'south' },
    { person: sam, roles: [], formerRoles: ['staff'] },
  ]);
}

const officer = () => asking('olga', ['privacy-officer']);
const administrator = () => asking('ada', ['administrator']);

function signing(clinic: ReturnType<typeof aClinic>) {
  return (who: string, verdict: Verdict = 'keep', by = officer(), quarter = Q4) =>
    outcomeOf(signOff(clinic.rooms, by, { quarter, person: who, verdict }));
}

test('a quarter is one of UTC’s', () => {
  expect(quarterOf(Date.UTC(2026, 8, 30, 23, 59, 59, 999))).toBe('2026-Q3');
  expect(quarterOf(Date.UTC(2026, 9, 1))).toBe(Q4);
});

test('the list holds everybody once, is complete when all have a verdict, and says who signed when', async () => {
  const clinic = aClinic();
  const sign = signing(clinic);
  const opened = await openRecertification(clinic.rooms, officer());
  expect(opened.decision).toMatchObject({ operation: 'recertification.open', object: Q4 });
  expect(opened.value).toMatchObject({ quarter: Q4, isFilled: true, people: 5, waiting: 5, openedBy: olga });
  await sign(nora);
  await sign(pia, 'keep', administrator());
  expect((await openRecertification(clinic.rooms, administrator())).value).toMatchObject({
    ...{ people: 5, waiting: 3, openedBy: olga },
  });
  for (const who of [ada, sam]) await sign(who);
  await sign(olga, 'keep', administrator());
  const { value } = await readRecertification(clinic.rooms, asking('eve', ['auditor']), { quarter: Q4 });
  expect(value.progress).toMatchObject({ people: 5, waiting: 0 });
  expect(value.entries.map(({ person: who, verdict, signedBy }) => [who, verdict, signedBy])).toEqual([
    [ada, 'keep', olga],
    [nora, 'keep', olga],
    [olga, 'keep', ada],
    [pia, 'keep', ada],
    [sam, 'keep', olga],
  ]);
  expect(clinic.profiles.kept.get(nora)?.recertifiedAt).toBeGreaterThanOrEqual(NOW);
});

test('an opening that is cut short goes on where it stopped, and nobody is signed off before it is done', async () => {
  const clinic = aClinic();
  const { everybody } = clinic.rooms.everybody;
  clinic.rooms.everybody.everybody = (place) => {
    clinic.world.at += 6_000; // one page of a large organisation
    return everybody(place);
  };
  const opened = async () => (await openRecertification(clinic.rooms, officer())).value;
  expect(await opened()).toMatchObject({ isFilled: false, people: 2 });
  expect(await signing(clinic)(nora)).toBe('not-opened');
  expect(await opened()).toMatchObject({ isFilled: false, people: 4 });
  expect(await opened()).toMatchObject({ isFilled: true, people: 5 });
});

test('removing disables, with a receipt, and is told by the same answer when it is asked for again', async () => {
  const clinic = aClinic();
  const sign = signing(clinic);
  await openRecertification(clinic.rooms, officer());
  expect(await sign(nora, 'remove')).toMatchObject({
    entry: { verdict: 'remove', formerRoles: ['clinician'], signedBy: olga },
    receipt: { person: nora, requestedBy: olga },
  });
  expect(clinic.profiles.kept.get(nora)).toMatchObject({ roles: [], formerRoles: ['clinician'] });
  expect(clinic.profiles.kept.get(nora)).not.toHaveProperty('recertifiedAt');
  expect(await sign(nora, 'remove', administrator())).toMatchObject({ entry: { signedBy: olga } });
  expect(await sign(nora, 'keep')).toBe('signed-off');
});

test('nobody signs for themselves, outside their charge, for an officer’s removal or without the office', async () => {
  const clinic = aClinic();
  const sign = signing(clinic);
  expect(await sign(nora)).toBe('not-opened');
  await openRecertification(clinic.rooms, officer());
  const before = [new Map(clinic.entries), new Map(clinic.profiles.kept)];
  expect(await sign(olga)).toBe('not-allowed');
  expect(await sign(ada, 'keep', administrator())).toBe('not-allowed');
  expect(await sign(ada, 'remove')).toBe('operator-only');
  expect(await sign(pia, 'keep', asking('ada', ['administrator'], 'north'))).toBe('not-allowed');
  expect(await sign(person('ghost'))).toBe('unknown-person');
  expect(await sign(nora, 'keep', officer(), '2026-Q3')).toBe('not-opened');
  clinic.profiles.kept.set(person('new'), { person: person('new'), roles: ['staff'] });
  expect(await sign(person('new'))).toBe('unknown-person');
  clinic.profiles.kept.delete(person('new'));
  const withOffice: readonly Role[] = ['administrator', 'privacy-officer'];
  for (const role of Role.options.filter((one) => !withOffice.includes(one))) {
    expect(await sign(nora, 'keep', asking('zoe', [role]))).toBe('not-allowed');
    expect(await outcomeOf(openRecertification(clinic.rooms, asking('zoe', [role])))).toBe('not-allowed');
    const read = outcomeOf(readRecertification(clinic.rooms, asking('zoe', [role]), { quarter: Q4 }));
    if (role === 'auditor') expect(await read).toMatchObject({ progress: { people: 5 } });
    else expect(await read).toBe('not-allowed');
  }
  expect([clinic.entries, clinic.profiles.kept]).toEqual(before);
});

test('a site’s administrator sees and signs their own people, and opens no list', async () => {
  const clinic = aClinic();
  const northern = () => asking('zoe', ['administrator'], 'north');
  expect(await outcomeOf(openRecertification(clinic.rooms, northern()))).toBe('not-allowed');
  await openRecertification(clinic.rooms, officer());
  const { value } = await readRecertification(clinic.rooms, northern(), { quarter: Q4 });
  expect(value.entries.map(({ person: who }) => who)).toEqual([nora]);
  expect(await signing(clinic)(nora, 'keep', northern())).toMatchObject({ entry: { verdict: 'keep' } });
});
