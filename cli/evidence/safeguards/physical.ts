import type { Safeguard } from '../safeguard.ts';

/** 45 CFR 164.310: physical safeguards. */
export const physical: readonly Safeguard[] = [
  {
    cfr: '164.310(a)(1)',
    name: 'Facility access controls',
    today: 'required',
    asks: 'Physical access to where systems stand is limited.',
    wouldAsk: 'The same, in writing and reviewed each year.',
    controls: [
      {
        says: 'The data centres: AWS’s SOC 2 report and HIPAA pages in AWS Artifact say what is done.',
        owedBy: 'AWS',
      },
      { says: 'The organisation’s own rooms.', owedBy: 'the organisation' },
    ],
  },
  {
    cfr: '164.310(b), (c)',
    name: 'Workstation use and security',
    today: 'required',
    asks: 'How and where workstations that reach ePHI are used and protected.',
    wouldAsk: 'The same, mobile devices named, in writing.',
    controls: [
      {
        says: 'Who leaves a screen alone is signed out by the server, whatever the device does.',
        rules: ['idle-people-signed-out'],
        tests: [
          'test/journey/sign-out.test.ts > refuses every frame, route and handshake of who was away, whatever tokens are made meanwhile, and closes within a minute',
        ],
      },
      {
        says: 'The devices themselves: where they stand, who uses them, their own encryption.',
        owedBy: 'the organisation',
      },
    ],
  },
  {
    cfr: '164.310(d)(1), (2)(i), (2)(ii)',
    name: 'Disposal and media re-use',
    today: 'required',
    asks: 'ePHI is gone before media are disposed of or used again.',
    wouldAsk: 'The same, in writing.',
    controls: [
      {
        says: 'Two privacy officers destroy a conversation: its keys go, its files are deleted in every version, and a signed certificate says from when nothing opens it.',
        rules: ['tables-recover-no-longer-than-keys'],
        tests: [
          'test/journey/destroyed-keys.test.ts > needs two privacy officers, and nothing of it is read, sent or begun again, whatever is restored',
          'test/functions/store/destroyed-keys.test.ts > stays so whatever is restored: either table before anything is done, and both after the records are replayed',
        ],
      },
      { says: 'The disks beneath: AWS destroys media as its reports say.', owedBy: 'AWS' },
    ],
  },
  {
    cfr: '164.310(d)(2)(iii), (2)(iv)',
    name: 'Accountability; backup before movement',
    today: 'addressable',
    asks: 'Movements of hardware and media are recorded; a copy exists before they are moved.',
    wouldAsk: 'Part of the technology asset inventory.',
    controls: [
      {
        says: 'No hardware stands here to be moved; the inventory of this pack lists what there is instead.',
        rules: ['no-other-way-in', 'holdings-declared'],
      },
      { says: 'Workstations and mobile devices.', owedBy: 'the organisation' },
    ],
  },
];
