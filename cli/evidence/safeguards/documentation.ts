import type { Safeguard } from '../safeguard.ts';

/** 45 CFR 164.316 and 164.400–414: documents, and what follows a breach. */
export const documentation: readonly Safeguard[] = [
  {
    cfr: '164.316(a)',
    name: 'Policies and procedures',
    today: 'required',
    asks: 'Reasonable and appropriate policies.',
    wouldAsk: 'All of them written, tried and reviewed each year.',
    controls: [{ says: 'The policies.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.316(b)',
    name: 'Documentation, kept six years',
    today: 'required',
    asks: 'Policies, and records of required actions and assessments, are written and kept six years.',
    wouldAsk: 'The same, for every plan and analysis.',
    controls: [
      {
        says: 'Sealed records are locked for six years, and logs kept as long.',
        rules: ['records-locked', 'logs-kept-six-years'],
        live: ['bucket-lock', 'log-retention'],
      },
      {
        says: 'Messages are kept as the deployment’s policy says, a hold keeps them longer, and what is past its day is told by no path.',
        rules: ['tables-expire'],
        live: ['table-expiry'],
        tests: [
          'test/journey/retention.test.ts > six years pass: what expired is told by no path and deleted a week later, what is held is kept, and what two people release goes',
        ],
      },
      { says: 'The documents of the organisation.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.400, 164.402',
    name: 'What a breach is',
    today: 'required',
    asks: 'A presumption of breach unless a four-factor assessment shows a low probability; encrypted PHI whose key was not exposed is outside.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Whether data was opened can be told: every key lies in KMS, and uses of keys stand in the trail.',
        rules: ['trail-on', 'no-key-of-aws'],
        live: ['trail-status'],
      },
      { says: 'The assessment itself.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.404–164.412',
    name: 'Notification of a breach',
    today: 'required',
    asks: 'Individuals within 60 days, media above 500 residents of a State, the Secretary, and the covered entity told by its business associate.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'Whose data was or may have been opened is told from the sealed records, with counts by State, dates and letters.',
        tests: [
          'test/cli/audit/breach.test.ts > a person’s patients are those of the conversations that they read, and at most of those they were in',
          'test/cli/audit/breach.test.ts > media are told in a State with more than 500 residents, and not with 500',
          'test/cli/audit/breach.test.ts > a letter goes to each of them, with what 164.404(c) asks for and nothing of theirs',
        ],
        figures: ['reads'],
      },
      { says: 'The decision, and sending the letters in time.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.414',
    name: 'Burden of proof',
    today: 'required',
    asks: 'That notices were made, or were not needed, is for the organisation to show.',
    wouldAsk: 'No change.',
    controls: [
      {
        says: 'The records that it would be shown with cannot be changed.',
        rules: ['records-locked'],
        figures: ['records-sound'],
        live: ['bucket-lock'],
      },
      { says: 'The proof itself.', owedBy: 'the organisation' },
    ],
  },
];
