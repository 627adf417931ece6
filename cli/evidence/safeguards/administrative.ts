import type { Safeguard } from '../safeguard.ts';

/** 45 CFR 164.308: administrative safeguards. */
export const administrative: readonly Safeguard[] = [
  {
    cfr: '164.308(a)(1)(ii)(A)',
    name: 'Risk analysis',
    today: 'required',
    asks: 'An accurate and thorough assessment of the risks to ePHI.',
    wouldAsk:
      'In writing, from an asset inventory and a map of how ePHI moves, both renewed each year and on every change.',
    controls: [
      {
        says: 'Each pack draws the asset inventory and the ePHI network map from the template, with the difference to the pack before.',
        rules: ['holdings-declared'],
      },
      {
        says: 'The analysis itself: threats, likelihood and impact, dated and signed.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.308(a)(1)(ii)(B)',
    name: 'Risk management',
    today: 'required',
    asks: 'Measures that bring risks down to a reasonable level.',
    wouldAsk: 'A written plan; critical patches within 15 days, high ones within 30.',
    controls: [
      {
        says: 'A weakness of the template stops its tests, and a finding of the HIPAA rule pack stops its synthesis.',
        tests: [
          'test/lib/hardening.test.ts > whatever property is taken away from a resource, it is missed',
          'test/lib/rule-packs.test.ts > synth ends with no finding of the HIPAA pack or of CloudFormation’s own rules',
        ],
      },
      {
        says: 'A register of risks with owner and date; the patch clock of what is deployed.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.308(a)(1)(ii)(C)',
    name: 'Sanction policy',
    today: 'required',
    asks: 'Sanctions against workforce members who break the policies.',
    wouldAsk: 'The same, in writing and reviewed each year.',
    controls: [{ says: 'The policy and the cases.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.308(a)(1)(ii)(D)',
    name: 'Information system activity review',
    today: 'required',
    asks: 'Regular review of audit logs, access reports and incidents.',
    wouldAsk: 'The same, with written procedures, and a response to what is found.',
    controls: [
      {
        says: 'Every frame, request and handshake leaves one record of who, what, when, from where and by which rule.',
        tests: [
          'test/journey/decisions.test.ts > every frame, request and handshake leaves exactly one typed decision, allowed or refused, or one fault',
        ],
      },
      {
        says: 'A review of activity is drawn from the sealed records, to be signed by whoever reads it.',
        tests: [
          'test/cli/audit/report.test.ts > the activity review names who snooped, who tried, who looked at home and who read by night',
        ],
        figures: ['reads', 'refusals', 'reviews-signed'],
      },
    ],
  },
  {
    cfr: '164.308(a)(2)',
    name: 'Assigned security responsibility',
    today: 'required',
    asks: 'A security official who answers for all of this.',
    wouldAsk: 'The same, in writing.',
    controls: [{ says: 'The name of the security official.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.308(a)(3)',
    name: 'Workforce security',
    today: 'addressable',
    asks: 'Authorisation and supervision, clearance, and an end of access when somebody leaves.',
    wouldAsk:
      'Access ended within one hour of a person’s leaving; other regulated entities told within 24 hours.',
    controls: [
      {
        says: 'Ending somebody’s access closes their sockets and refuses every later frame and request within a second, with a signed receipt.',
        tests: [
          'test/journey/revocation.test.ts > stops them within a second under traffic, although tokens are valid and renewed meanwhile',
          'test/journey/people.test.ts > a leaver’s sockets are closed, every later frame and request, sign-in and renewal is refused, until they are let in again',
        ],
        figures: ['revocations'],
      },
      {
        says: 'Clearance of staff; asking for the end of access within the hour; telling other entities.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.308(a)(4)',
    name: 'Information access management',
    today: 'addressable',
    asks: 'Access is authorised, established and modified by policy.',
    wouldAsk:
      'Written procedures, and segmentation so that systems are reached only as far as their work needs.',
    controls: [
      {
        says: 'One table decides who may do what (docs/access.md); every frame and route is tried by every role and relation.',
        tests: [
          'test/functions/domain/policy.test.ts > is docs/access.md, row for row',
          'test/journey/authorisation-matrix.test.ts > every frame and route answers every role, whatever they are to it, as the table says and no other way',
        ],
      },
      {
        says: 'A change of role holds at the next frame.',
        tests: [
          'test/journey/people.test.ts > a mover’s changed role holds at the very next frame of an open socket, under the old token, and pushes go by it',
        ],
      },
      {
        says: 'Each quarter everybody’s access is signed off, one by one.',
        tests: [
          'test/journey/people.test.ts > a quarter’s list holds everybody, is signed off one by one, and shuts out whom somebody removes',
        ],
        figures: ['recertifications'],
      },
    ],
  },
  {
    cfr: '164.308(a)(5)(i)',
    name: 'Security awareness and training',
    today: 'addressable',
    asks: 'Training and reminders for the whole workforce.',
    wouldAsk: 'Within 30 days of access, and each year.',
    controls: [{ says: 'Training and its attestations.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.308(a)(5)(ii)(B)',
    name: 'Protection from malicious software',
    today: 'addressable',
    asks: 'Guarding against, detecting and reporting malicious software.',
    wouldAsk: 'Anti-malware on every relevant system.',
    controls: [
      {
        says: 'A file is opened by nobody before a scan found it clean; the bucket’s own policy refuses it too.',
        rules: ['files-scanned'],
        live: ['malware-plan'],
        tests: [
          'test/journey/attachment-malware.test.ts > in which malware is found is opened by nobody: not sent once it is known, and closed to everybody where it was sent before',
        ],
      },
      { says: 'The devices that people use.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.308(a)(5)(ii)(C)',
    name: 'Log-in monitoring',
    today: 'addressable',
    asks: 'Watching log-in attempts and reporting discrepancies.',
    wouldAsk: 'The same, required.',
    controls: [
      {
        says: 'A wrong password and an unknown user are answered alike, and wrong codes lock.',
        live: ['user-pool-client'],
        rules: ['password-never-sent'],
        tests: [
          'test/journey/anywhere/sign-in-and-revocation.test.ts > answers a wrong password and an unknown user alike, and takes no wrong code',
          'test/journey/attacks/ways-around-mfa.test.ts > takes each code once, none of another time or person, and none after too many guesses',
        ],
      },
      {
        says: 'Failed sign-ins stand in CloudTrail, which records Cognito’s events.',
        rules: ['trail-on'],
        live: ['trail-status'],
      },
    ],
  },
  {
    cfr: '164.308(a)(5)(ii)(D)',
    name: 'Password management',
    today: 'addressable',
    asks: 'Creating, changing and safeguarding passwords.',
    wouldAsk: 'The same, required; default passwords changed.',
    controls: [
      {
        says: 'Fourteen characters of four kinds; a first password lasts three days and must be replaced; no password travels.',
        rules: ['passwords-strong', 'password-never-sent'],
        live: ['user-pool'],
        tests: [
          'test/journey/people.test.ts > a joiner signs in by a temporary password, a new one and MFA; the password stands in the answer and nowhere else',
        ],
      },
    ],
  },
  {
    cfr: '164.308(a)(6)',
    name: 'Security incident procedures',
    today: 'required',
    asks: 'Identifying, responding to and documenting security incidents.',
    wouldAsk: 'Written plans, tried each year; procedures to restore within 72 hours.',
    controls: [
      {
        says: 'Alarms on the trail’s end, disabled keys, changed policies and the root user.',
        rules: ['trail-watched'],
        live: ['trail-status'],
      },
      { says: 'The response plan, its trial and the cases.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.308(a)(7)(ii)(A)',
    name: 'Data backup plan',
    today: 'required',
    asks: 'Retrievable exact copies of ePHI.',
    wouldAsk: 'Copies at most 48 hours old, with failures noticed and the copies tried.',
    controls: [
      {
        says: 'Every table can be restored to the second; every store has a daily backup in a locked vault.',
        rules: ['tables-recoverable', 'stores-backed-up', 'backups-within-48-hours', 'vaults-encrypted'],
        live: ['table-recovery', 'recovery-points'],
      },
    ],
  },
  {
    cfr: '164.308(a)(7)(ii)(B)',
    name: 'Disaster recovery plan',
    today: 'required',
    asks: 'Procedures to restore what was lost.',
    wouldAsk: 'Critical systems and data restored within 72 hours.',
    controls: [
      {
        says: 'Tables, keys and people outlive their stack and refuse deletion.',
        rules: ['tables-kept', 'accounts-kept', 'keys-refuse-deletion'],
        live: ['table-state', 'user-pool'],
        tests: [
          'test/lib/key-policies.test.ts > whoever may do everything lends no key of ours and deletes none, and uses them as their own policies say',
        ],
      },
      { says: 'A drill that restores a deployment and prints how long it took.', owedBy: 'nobody yet' },
    ],
  },
  {
    cfr: '164.308(a)(7)(ii)(C)',
    name: 'Emergency mode operation plan',
    today: 'required',
    asks: 'Critical processes go on while an emergency lasts.',
    wouldAsk: 'Other entities told within 24 hours of activating the plan.',
    controls: [
      {
        says: 'What was acknowledged survives the loss of any reply, function or process, and clients go on from where they were.',
        rules: ['traffic-limited'],
        tests: [
          'test/journey/promises/restart.test.ts > P1 and P4: a stack that is ended in the midst of traffic and started again has lost and doubled nothing',
        ],
      },
      {
        says: 'The plan of how care goes on without messages, and who tells whom.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.308(a)(7)(ii)(D)',
    name: 'Testing and revision; criticality',
    today: 'addressable',
    asks: 'Contingency plans are tried and revised; applications are ranked by how critical they are.',
    wouldAsk: 'The same, required and each year.',
    controls: [{ says: 'The trial of the plans and the ranking.', owedBy: 'the organisation' }],
  },
  {
    cfr: '164.308(a)(8)',
    name: 'Evaluation',
    today: 'required',
    asks: 'Periodic technical and non-technical evaluation.',
    wouldAsk: 'Each year and before changes; a compliance audit each year.',
    controls: [
      {
        says: 'This pack: rules over the template, questions to the deployment and the records, signed and comparable with the one before.',
        rules: ['services-eligible', 'no-wildcard-permission'],
        tests: [
          'test/cli/evidence/pack.test.ts > a pack of the real template is whole, signed, and the same bytes for the same input',
        ],
      },
      { says: 'The non-technical evaluation, and the audit.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.308(b), 164.314(a), 164.504(e)',
    name: 'Business associate contracts',
    today: 'required',
    asks: 'Contracts with whoever handles ePHI on the organisation’s behalf.',
    wouldAsk:
      'A written verification by an expert of each business associate, each year; word within 24 hours of a contingency plan’s activation.',
    controls: [
      {
        says: 'Only services on AWS’s dated list of HIPAA-eligible services stand in the template; nothing leaves the account for another company.',
        rules: ['services-eligible'],
        tests: ['test/lib/rule-packs.test.ts > only services that AWS lists as eligible for PHI are used'],
      },
      {
        says: 'The agreement with AWS, accepted in AWS Artifact, and those with others.',
        owedBy: 'the organisation',
      },
    ],
  },
];
