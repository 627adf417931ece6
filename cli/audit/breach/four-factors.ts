import { allOf, type Section } from '../report/model.ts';
import { count, counted, time } from '../report/wording.ts';
import type { Incident } from './incident.ts';

/** The assessment that 164.402(2) asks for: what the trail knows of each factor, and room for what only people know. */
export function fourFactors({ exposure, compromised }: Pick<Incident, 'exposure' | 'compromised'>): Section {
  const { openable, opened, messages, addresses, ended, affected } = exposure;
  const reads = opened.reduce((sum, row) => sum + Number(row.was_read), 0);
  const places = new Set(addresses.map(({ source_ip }) => source_ip)).size;
  const isKey = compromised.kind === 'key';
  return {
    slug: 'four-factors',
    heading: 'The four factors',
    says: [
      'An impermissible use or disclosure is presumed to be a breach unless these show a low probability that information was compromised. What is left open is for people to fill in.',
    ],
    columns: [
      { of: 'factor', label: 'Factor', kind: 'text' },
      { of: 'known', label: 'What the trail knows', kind: 'text' },
      { of: 'open', label: 'To be filled in', kind: 'text' },
    ],
    rows: allOf([
      {
        factor: '(i) Nature and extent of the information',
        known: `Messages of care: ${counted(messages, 'message', 'messages')} in ${counted(openable.size, 'conversation', 'conversations')} of ${counted(affected.length, 'patient', 'patients')}, at most.`,
        open: 'Kinds of identifiers; how easily somebody is known by them; how sensitive it is.',
      },
      {
        factor: '(ii) Who used it or to whom it was disclosed',
        known: isKey
          ? 'Not known: the use of a key stands in CloudTrail alone.'
          : `Whoever held the credential, from ${counted(places, 'address', 'addresses')} in the window.`,
        open: 'Who that was; whether they must protect such information themselves.',
      },
      {
        factor: '(iii) Whether it was acquired or viewed',
        known: isKey
          ? 'No record says so, and none could.'
          : reads === 0
            ? 'No record says that anything was opened; pushed messages leave none.'
            : `Yes, by record: ${count(reads)} reads of ${counted(new Set(opened.map(({ conversation }) => conversation)).size, 'conversation', 'conversations')}.`,
        open: 'What a look at devices and accounts shows.',
      },
      {
        factor: '(iv) How far the risk was mitigated',
        known:
          ended.length === 0
            ? 'No record says that access was ended since.'
            : `Since then: ${ended
                .map(({ moment, operation }) => `${operation} at ${time(String(moment))}`)
                .slice(0, 3)
                .join('; ')}.`,
        open: 'Assurances, return or destruction, and from whom.',
      },
    ]),
    empty: '',
  };
}
