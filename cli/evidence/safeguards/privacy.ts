import type { Safeguard } from '../safeguard.ts';

/** 45 CFR 164.502–530 as far as a messaging system carries it. The proposal of 2025 is about the Security Rule and changes none of it. */
export const privacy: readonly Safeguard[] = [
  {
    cfr: '164.502(b)',
    name: 'Minimum necessary',
    today: 'required',
    asks: 'No more PHI than the purpose needs.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Who is no member of a conversation learns nothing of it, not even that it is there; every stated purpose is recorded and taken only where a row allows it.',
        tests: [
          'test/journey/anywhere/conversation.test.ts > is closed to a stranger, on the socket and over HTTP, and nothing tells whether it exists',
          'test/functions/domain/policy.test.ts > takes a stated purpose only where the row allows for it, and writes it down',
        ],
      },
      { says: 'Who is made a member of what.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.508(a)(2)',
    name: 'Psychotherapy notes',
    today: 'required',
    asks: 'An authorisation for nearly every use.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'A kind of conversation with a key of its own, kept out of exports. Until then such notes do not belong here.',
        owedBy: 'nobody yet',
      },
    ],
  },
  {
    cfr: '164.522',
    name: 'Restrictions and confidential communications',
    today: 'required',
    asks: 'A patient’s request to restrict disclosures is answered, and kept where it was agreed to.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'An agreed restriction keeps whom it names out of the patient’s conversations: at creation, when somebody is added, in an emergency.',
        tests: [
          'test/functions/domain/restrictions.test.ts > keeps who is named out of a conversation that the patient is in, whoever adds them, and nobody else',
        ],
      },
      { says: 'Answering the request.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.524',
    name: 'Access of individuals',
    today: 'required',
    asks: 'A patient gets their PHI within 30 days, once extended by 30, in the form asked for where that is possible.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'A patient reads their own conversations and files at any time, from the first message on.',
        tests: ['test/journey/anywhere/conversation.test.ts > reads in pages from either end'],
      },
      {
        says: 'Two privacy officers have everything that a patient may see made into one file: pages, JSON, FHIR, the files themselves and a manifest.',
        tests: [
          'test/journey/patient-export.test.ts > two privacy officers have everything made into one file that a patient may see, and nothing else; it is there for a week',
        ],
      },
      {
        says: 'Answering the request in time, and in the form that was asked for.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.526',
    name: 'Amendment',
    today: 'required',
    asks: 'A request to amend is answered within 60 days, once extended by 30.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Requests, decisions and their dates, and what was accepted beside the message that it is about.',
        tests: [
          'test/journey/amendment.test.ts > a patient asks for an amendment of what they may read; accepted, it stands beside the message for whoever reads that',
        ],
      },
      { says: 'Deciding within the days, and telling whom the patient names.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.528',
    name: 'Accounting of disclosures',
    today: 'required',
    asks: 'A patient learns, for six years back, of disclosures outside treatment, payment and operations.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Every access carries its purpose in the sealed record, from which the accounting is drawn.',
        figures: ['disclosures'],
        tests: [
          'test/cli/audit/report.test.ts > an accounting has what must be told of one patient, and not what went to themselves',
          'test/functions/domain/policy.test.ts > takes a stated purpose only where the row allows for it, and writes it down',
        ],
      },
    ],
  },
  {
    cfr: '164.530(b), (e), (i), (j)',
    name: 'Privacy training, sanctions, policies and their six years',
    today: 'required',
    asks: 'Training, sanctions, written policies and their keeping for six years.',
    wouldAsk: 'No change.',
    controls: [{ says: 'All of it.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.530(c)',
    name: 'Safeguards of the Privacy Rule',
    today: 'required',
    asks: 'Administrative, technical and physical safeguards against unintended use.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Nothing that anybody wrote stands in a key, a log, a metric, an error or a trail.',
        tests: [
          'test/journey/nothing-leaks.test.ts > thousands of values, in every place that a person could fill, stand in no sink, whatever was refused or went wrong',
          'test/journey/nothing-leaks.test.ts > a leak into any one of these sinks is found, in whatever way it is written',
        ],
      },
      {
        says: 'One person alone destroys nothing and releases no hold.',
        tests: [
          'test/functions/domain/approvals.test.ts > one person alone never brings an act about, however often they ask',
        ],
      },
    ],
  },
];
