import type { Safeguard } from '../safeguard.ts';

/** 45 CFR 164.312: technical safeguards, and what the proposal would add to them. */
export const technical: readonly Safeguard[] = [
  {
    cfr: '164.312(a)(1)',
    name: 'Access control',
    today: 'required',
    asks: 'Only those who have been granted access get in.',
    wouldAsk: 'Separate identities for what needs more privileges; networks segmented.',
    controls: [
      {
        says: 'Nobody may do what no row of one table allows; the table is tried on the running stack by every role and relation.',
        tests: [
          'test/functions/domain/policy.test.ts > lets nobody do anything under a role that it does not name, or under none',
          'test/journey/authorisation-matrix.test.ts > every frame and route answers every role, whatever they are to it, as the table says and no other way',
        ],
      },
      {
        says: 'No socket and no route is open to whoever has no token.',
        rules: ['sockets-authorized', 'requests-authorized', 'no-other-way-in'],
        live: ['stages'],
        tests: [
          'test/journey/attacks/forged-tokens.test.ts > opens no route, no handshake and renews no socket, and its twin does all three',
        ],
      },
      {
        says: 'Each function has a role of its own that names exact actions, and a boundary beyond which nothing reaches.',
        rules: ['one-role-a-function', 'functions-bounded', 'no-wildcard-permission'],
        tests: [
          'test/permissions/permissions.test.ts > every permission of every function is used by a test, or says why it stands',
          'test/journey/least-privilege.test.ts > a role without the table’s key is refused on the table',
        ],
      },
      {
        says: 'Who administers reads no conversation, and who takes part in conversations holds no office.',
        tests: [
          'test/functions/domain/policy.test.ts > opens no conversation to an office, and no office to who takes part in conversations',
        ],
      },
    ],
  },
  {
    cfr: '164.312(a)(2)(i)',
    name: 'Unique user identification',
    today: 'required',
    asks: 'Every user has a name or number of their own.',
    wouldAsk: 'The same, for technology assets too.',
    controls: [
      {
        says: 'A person’s id is random, bound to one account by an attribute that nobody can change, and never given again.',
        rules: ['accounts-by-administrators'],
        live: ['user-pool'],
        tests: [
          'test/journey/attacks/ways-around-mfa.test.ts > writes nobody’s person again, not even the same, and does where the attribute is mutable',
        ],
      },
    ],
  },
  {
    cfr: '164.312(a)(2)(ii)',
    name: 'Emergency access procedure',
    today: 'required',
    asks: 'A way to needed ePHI in an emergency.',
    wouldAsk: 'The same, in writing and tried.',
    controls: [
      {
        says: 'A clinician who breaks the glass, with a fresh sign-in and a typed reason, reads that one conversation for an hour, and writes nothing; its members and the privacy officers are told within a minute.',
        tests: [
          'test/functions/domain/policy.test.ts > lets a clinician who broke the glass read that conversation, to the end of the grant, and nothing else',
          'test/journey/emergency.test.ts > reads for an hour to the minute, by socket and request, writes nothing, and each read is recorded as an emergency',
          'test/journey/emergency.test.ts > to members who are here and to the privacy officers within the minute, and to who is away when they catch up',
        ],
      },
      {
        says: 'Each emergency access is reviewed within 72 hours, and one that is not is counted until it is.',
        tests: [
          'test/journey/emergency.test.ts > is late after 72 hours: once a day it is logged and told again, and it is counted until it is made',
        ],
        figures: ['break-glass-reviewed'],
      },
    ],
  },
  {
    cfr: '164.312(a)(2)(iii)',
    name: 'Automatic logoff',
    today: 'addressable',
    asks: 'A session ends after a time of inactivity.',
    wouldAsk: 'The same, required.',
    controls: [
      {
        says: 'The server signs out who was idle, 15 minutes where nothing else is set, and everybody after twelve hours.',
        rules: ['idle-people-signed-out', 'tokens-short'],
        live: ['user-pool-client'],
        tests: [
          'test/journey/sign-out.test.ts > refuses every frame, route and handshake of who was away, whatever tokens are made meanwhile, and closes within a minute',
          'test/journey/sign-out.test.ts > ends every sign-in twelve hours after it began, though nobody is ever idle',
        ],
      },
    ],
  },
  {
    cfr: '164.312(a)(2)(iv)',
    name: 'Encryption and decryption',
    today: 'addressable',
    asks: 'ePHI at rest is encrypted where that is reasonable.',
    wouldAsk: 'Required, with few exceptions.',
    controls: [
      {
        says: 'Every store is encrypted under a key of the deployment that AWS neither owns nor manages, and each key is replaced yearly.',
        rules: [
          'tables-encrypted',
          'buckets-encrypted',
          'queues-and-topics-encrypted',
          'logs-encrypted',
          'vaults-encrypted',
          'no-key-of-aws',
          'keys-rotate',
        ],
        live: ['table-state', 'key-state', 'key-rotation', 'bucket-encryption'],
      },
      {
        says: 'What people write is sealed before it reaches a table, under a key of its conversation and month.',
        tests: [
          'test/functions/vault/vault.test.ts > is what another implementation of the format makes of the same key, fields and salt',
          'test/journey/nothing-leaks.test.ts > thousands of values, in every place that a person could fill, stand in no sink, whatever was refused or went wrong',
        ],
      },
    ],
  },
  {
    cfr: '164.312(b)',
    name: 'Audit controls',
    today: 'required',
    asks: 'Activity in systems that hold ePHI is recorded and examined.',
    wouldAsk: 'Real-time recording and monitoring, kept as policy says.',
    controls: [
      {
        says: 'Every frame, request and handshake leaves one record before its answer leaves.',
        rules: ['audit-table-append-only'],
        tests: [
          'test/journey/decisions.test.ts > every frame, request and handshake leaves exactly one typed decision, allowed or refused, or one fault',
          'test/journey/promises/p9-every-access-is-recorded.test.ts > P9: without a record there is no answer, and nothing is given away',
        ],
        figures: ['reads', 'refusals'],
      },
      {
        says: 'AWS’s own record of every call, of items and objects too, signed by AWS.',
        rules: ['trail-on', 'trail-of-data'],
        live: ['trail-status'],
      },
      {
        says: 'Records are sealed in signed batches where nobody can change or delete them, and an export of them verifies by itself.',
        tests: [
          'test/cli/audit/export.test.ts > what was sent, read and refused is sealed, exported and verified without AWS',
          'test/cli/audit/tampering.test.ts > 1,000 tamperings are all found, and each where it is',
          'test/functions/audit/seal-records.test.ts > before or after any step of its batch loses nothing, seals nothing twice and leaves no hole when the batch comes again',
          'test/lib/locked-bucket.test.ts > what is protected is locked in compliance mode for the days of the setting, and a throw-away bucket can be emptied and goes',
        ],
        figures: ['records-sound'],
        rules: ['records-locked'],
        live: ['bucket-lock'],
      },
      {
        says: 'Every request that reaches API Gateway stands in an access log that holds nothing a caller wrote.',
        rules: ['requests-recorded', 'logs-kept-six-years'],
        live: ['log-retention', 'stages'],
      },
    ],
  },
  {
    cfr: '164.312(c)(1)',
    name: 'Integrity',
    today: 'required',
    asks: 'ePHI is not altered or destroyed improperly.',
    wouldAsk: 'The same, in writing and tried each year.',
    controls: [
      {
        says: 'A sealed body opens only at its place and unchanged to the last bit; each entry carries the hash of the one before.',
        tests: [
          'test/functions/vault/vault.test.ts > does not open after any one changed bit of its bytes, its fields or its key',
          'test/functions/domain/send-message.test.ts > in any race stores each ref once, in a dense order whose entries chain by hash',
        ],
      },
      {
        says: 'Tables, buckets and keys refuse deletion; buckets keep versions.',
        rules: ['tables-kept', 'buckets-closed', 'keys-refuse-deletion'],
        live: ['table-state', 'bucket-versions', 'bucket-closed'],
      },
    ],
  },
  {
    cfr: '164.312(c)(2)',
    name: 'Mechanism to authenticate ePHI',
    today: 'addressable',
    asks: 'It can be shown that ePHI was not altered without authority.',
    wouldAsk: 'The same, required.',
    controls: [
      {
        says: 'Heads, receipts and certificates are signed by a key that never leaves KMS.',
        rules: ['signing-key-is-ours-alone'],
        live: ['signing-key'],
      },
      {
        says: 'A file is taken only with the bytes that were declared, by SHA-256.',
        tests: [
          'test/journey/attachments.test.ts > that is not exactly what was declared is refused, and nothing of it is stored',
        ],
      },
    ],
  },
  {
    cfr: '164.312(d)',
    name: 'Person or entity authentication',
    today: 'required',
    asks: 'Whoever asks for access is who they claim to be.',
    wouldAsk: 'Multi-factor authentication everywhere, with few exceptions.',
    controls: [
      {
        says: 'Nobody signs in without a second factor, and no way around it is open.',
        rules: ['mfa-on', 'accounts-by-administrators'],
        live: ['user-pool'],
        tests: [
          'test/journey/attacks/ways-around-mfa.test.ts > not even the operator gets in by a password alone, and does where the client lists the flow',
          'test/journey/attacks/ways-around-mfa.test.ts > no flow, account operation or sign-up that is not allowed does anything, and each does where its lock is off',
        ],
      },
    ],
  },
  {
    cfr: '164.312(e)(1), (2)(i), (2)(ii)',
    name: 'Transmission security',
    today: 'addressable',
    asks: 'ePHI that travels is guarded against reading and change; encrypted where that is reasonable.',
    wouldAsk: 'Encryption in transit required.',
    controls: [
      {
        says: 'Buckets, queues and topics refuse whoever comes without TLS; API Gateway and Cognito take nothing else.',
        rules: ['tls-only', 'no-other-way-in'],
      },
      { says: 'TLS of 1.2 or newer at API Gateway’s and Cognito’s own addresses.', owedBy: 'AWS' },
    ],
  },
  {
    cfr: '164.312 (proposed: configuration management)',
    name: 'Configuration management',
    today: 'proposed',
    asks: 'Nothing of the kind.',
    wouldAsk: 'Systems stay as they were configured; what is not needed is removed; unused ports are closed.',
    controls: [
      {
        says: 'All that runs is made from one template, each function from one module; nothing listens but two APIs and the user pool.',
        rules: ['no-other-way-in', 'services-eligible'],
        tests: [
          'test/lib/synth.test.ts > every function is one module that parses, with the SDK inside, and is small',
        ],
      },
      {
        says: 'The running settings are compared with what is promised.',
        live: ['table-state', 'user-pool', 'user-pool-client', 'key-state'],
      },
    ],
  },
  {
    cfr: '164.312 (proposed: vulnerability management)',
    name: 'Vulnerability management',
    today: 'proposed',
    asks: 'Nothing of the kind.',
    wouldAsk: 'A scan each six months, a penetration test each year, patches in 15 and 30 days.',
    controls: [
      {
        says: 'Scans, penetration tests and the patch clock of what is deployed.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.312 (proposed: backup and recovery)',
    name: 'Data backup and recovery',
    today: 'proposed',
    asks: 'Nothing technical beyond the backup plan.',
    wouldAsk: 'Copies at most 48 hours old; failures noticed; restoration tried.',
    controls: [
      {
        says: 'Each store has a daily backup, each table can be restored to the second.',
        rules: ['backups-within-48-hours', 'tables-recoverable', 'stores-backed-up'],
        live: ['table-recovery', 'recovery-points'],
      },
      { says: 'A drill that restores a deployment and prints how long it took.', owedBy: 'nobody yet' },
    ],
  },
];
