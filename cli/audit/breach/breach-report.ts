import { allOf, type Report, type Section } from '../report/model.ts';
import { count, counted, time } from '../report/wording.ts';
import type { Row } from '../trail.ts';
import { AT_ONCE_FROM, type Duty, dutiesOf, MEDIA_ABOVE } from './dates.ts';
import { fourFactors } from './four-factors.ts';
import type { Incident } from './incident.ts';

export const UNKNOWN_STATE = 'not known';

/** Individuals by State: those whose information may have been opened, and of them those of whom a record says it was. */
export function byState({ exposure, residence }: Pick<Incident, 'exposure' | 'residence'>): readonly Row[] {
  const states = new Map<string, { at_most: number; by_record: number }>();
  for (const { person, opened } of exposure.affected) {
    const state = residence.get(person) || UNKNOWN_STATE;
    const counts = states.get(state) ?? { at_most: 0, by_record: 0 };
    states.set(state, {
      at_most: counts.at_most + 1,
      by_record: counts.by_record + (opened > 0 ? 1 : 0),
    });
  }
  return [...states]
    .map(([state, counts]) => ({ state, ...counts, media: mediaOf(state, counts.at_most) }))
    .sort((one, other) => other.at_most - one.at_most || (one.state < other.state ? -1 : 1));
}

/** Whose information was, or may have been, opened; what follows from it and by when. */
export function breachReport(incident: Incident): Report {
  const { trail, compromised, window, discovered, exposure } = incident;
  const { affected, opened, openable, people } = exposure;
  const states = byState(incident);
  const known = new Map(
    states
      .filter(({ state }) => state !== UNKNOWN_STATE)
      .map(({ state, at_most }) => [String(state), Number(at_most)]),
  );
  const duties = dutiesOf(discovered, affected.length, known);
  const byRecord = affected.filter((one) => one.opened > 0).length;
  const { span, settings, hash } = trail;
  const deployment = settings.deployment ?? 'deployment not named in the export';
  return {
    name: 'breach',
    title: 'Breach assessment',
    question: 'Whose information was, or may have been, opened, and what is owed to whom by when?',
    answers: [
      `The information of at most ${counted(affected.length, 'patient', 'patients')} may have been opened; records say of ${count(byRecord)} that it was.`,
      ...duties
        .filter(({ by }) => by !== 'not owed')
        .map(({ duty, by, rule }) => `${duty}: by ${by} at the latest (${rule}).`)
        .slice(0, 3),
      ...(states.some(({ media }) => media === 'yes')
        ? []
        : [`No State is known to have more than ${MEDIA_ABOVE} residents among them.`]),
      'It is presumed a breach unless the four factors show a low probability that information was compromised (164.402(2)): they are filled below as far as the trail knows.',
    ],
    facts: [
      ['Deployment', [deployment, settings.region].filter((part) => part).join(', ')],
      ['Window (UTC)', `from ${time(window.from)}, before ${time(window.before)}`],
      [
        'Compromised',
        `${compromised.kind} ${compromised.id}${compromised.kind === 'key' && compromised.month ? `, ${compromised.month}` : ''}`,
      ],
      ['Discovered', discovered],
      ['Trail', `${count(span.records)} records, from ${time(span.first)} to ${time(span.last)} UTC`],
      ['Export (SHA-256)', hash],
    ],
    sections: [
      dates(duties),
      whereTheyLive(states),
      patients(incident),
      whatWasOpened(opened, openable.size, people.length),
      fourFactors(incident),
      addresses(exposure.addresses),
    ],
    limits: [
      'At most: a member may have seen by push what no record says, and a key may have been used where nothing of ours writes it down.',
      'A patient is counted with every conversation that they were a member of before the window’s end; what they said elsewhere, or others said of them where they are not, the trail cannot tell.',
      'Roles are those of the day of the export. Information that was encrypted, with a key that was not exposed, is not unsecured (164.402): that takes a look at CloudTrail’s records of the key.',
      'A delay that law enforcement asks for (164.412) is not in these dates.',
    ],
    signed: true,
    asOf: span.last,
    exportHash: hash,
    deployment,
    range: `from ${window.from.slice(0, 10)}, before ${window.before.slice(0, 10)}`,
  };
}

function mediaOf(state: string, residents: number): string {
  if (state === UNKNOWN_STATE) return residents > MEDIA_ABOVE ? 'find out' : 'no';
  return residents > MEDIA_ABOVE ? 'yes' : 'no';
}

function dates(duties: readonly Duty[]): Section {
  return {
    slug: 'dates',
    heading: 'What is owed, and by when',
    says: ['Each without unreasonable delay; these are the last days.'],
    columns: [
      { of: 'duty', label: 'Duty', kind: 'text' },
      { of: 'by', label: 'By', kind: 'text' },
      { of: 'because', label: 'Because', kind: 'text' },
      { of: 'rule', label: '45 CFR', kind: 'text' },
    ],
    rows: allOf(duties.map((one) => ({ ...one }))),
    empty: 'Nothing is owed.',
  };
}

function whereTheyLive(states: readonly Row[]): Section {
  return {
    slug: 'states',
    heading: 'By State',
    says: [
      `Media are told in a State with more than ${MEDIA_ABOVE} residents (164.406); HHS at once from ${AT_ONCE_FROM} individuals on in all (164.408(b)). Where somebody lives comes from a list of yours.`,
    ],
    chart: {
      title: 'Individuals by State',
      unit: 'individuals',
      lies: 'across',
      series: ['opened by record', 'may have been opened'],
      bars: states.slice(0, 20).map(({ state, at_most, by_record }) => ({
        label: String(state),
        parts: [Number(by_record), Number(at_most) - Number(by_record)],
      })),
    },
    columns: [
      { of: 'state', label: 'State', kind: 'text' },
      { of: 'by_record', label: 'By record', kind: 'count' },
      { of: 'at_most', label: 'At most', kind: 'count' },
      { of: 'media', label: 'Media', kind: 'text' },
    ],
    rows: allOf(states),
    empty: 'Nobody is affected.',
  };
}

function patients({ exposure, residence }: Incident): Section {
  const rows = exposure.affected.map((one) => ({ ...one, state: residence.get(one.person) ?? '' }));
  return {
    slug: 'patients',
    heading: 'Patients',
    says: [
      'By record: of so many of their conversations a record says that they were opened in the window. At most: so many could have been.',
    ],
    columns: [
      { of: 'person', label: 'Patient', kind: 'person' },
      { of: 'opened', label: 'By record', kind: 'count' },
      { of: 'openable', label: 'At most', kind: 'count' },
      { of: 'state', label: 'State', kind: 'text' },
    ],
    rows: allOf(rows),
    empty: 'No patient is affected.',
  };
}

function whatWasOpened(opened: readonly Row[], openable: number, people: number): Section {
  return {
    slug: 'opened',
    heading: 'What was opened, by record',
    says: [
      `${counted(people, 'person', 'people')} could open ${counted(openable, 'conversation', 'conversations')} at most. These were opened by record.`,
    ],
    columns: [
      { of: 'conversation', label: 'Conversation', kind: 'id' },
      { of: 'person', label: 'By whose credential', kind: 'person' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows: allOf(opened),
    empty: 'No record says that anything was opened in the window.',
  };
}

function addresses(rows: readonly Row[]): Section {
  return {
    slug: 'addresses',
    heading: 'From where',
    says: ['An address that the person never came from before is a sign of somebody else.'],
    columns: [
      { of: 'source_ip', label: 'Address', kind: 'text' },
      { of: 'person', label: 'Whose credential', kind: 'person' },
      { of: 'sign_ins', label: 'Sign-ins', kind: 'count' },
      { of: 'records', label: 'Records', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows: allOf(rows),
    empty: 'Nothing was asked for in the window.',
  };
}
