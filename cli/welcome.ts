import { ENGINE_LICENCE } from '../local/dynamodb/engine-files.ts';
import type { ClinicPerson } from './clinic.ts';
import type { Outputs } from './deployment.ts';
import { codeAt, STEP_SECONDS } from './totp.ts';

export interface Welcome {
  readonly outputs: Outputs;
  readonly people: readonly ClinicPerson[];
  /** Milliseconds since the epoch, by the run's clock. */
  readonly now: number;
  /** Whether the tables stand in Amazon's DynamoDB Local. */
  readonly ownEngine: boolean;
}

/** What whoever started the local run reads: where it is, who can sign in, what to try, and what it does not prove. */
export function welcome({ outputs, people, now, ownEngine }: Welcome): string {
  const addresses = Object.values(outputs)
    .flatMap(Object.entries)
    .filter(([name]) => ADDRESSES.includes(name));
  return [
    '',
    ...table(addresses.map(([name, value]) => [name, value])),
    '',
    ...table([
      ['', 'user name', 'password', 'TOTP secret', 'code'],
      // The code of the next step: Cognito takes it now, and a first start has used up that of this one.
      ...people.map((person) => [
        person.role,
        person.username,
        person.password,
        person.totpSecret,
        codeAt(person.totpSecret, now + STEP_SECONDS * 1000),
      ]),
    ]),
    'A code is good once, and these for a minute from now; put a secret into an authenticator app for more.',
    '',
    'Try next:',
    '  node examples/plain-client/two-people.mjs             two of them exchange a message',
    '  npx wardline chat --as nurse --with patient           and in another terminal: npx wardline chat --as patient',
    '  npx wardline users add guest-1 --role guest --enrol   one more person',
    '  protocol/PROTOCOL.md                                  every frame and request, for a client of your own',
    '',
    'What this does not prove: AWS itself. There is no WAF, no GuardDuty and no TLS here, and its latencies, quotas and',
    'availability are not those of AWS: docs/unproven-on-aws.md lists it. Templates and code are what npx cdk deploy takes.',
    ...(ownEngine ? [`${ENGINE_LICENCE}.`] : []),
    '',
    'Ctrl-C stops it; what was stored is there again at the next start. Every frame from now on:',
  ].join('\n');
}

const ADDRESSES = [
  'WebSocketUrl',
  'HttpApiUrl',
  'UserPoolId',
  'UserPoolClientId',
  'Region',
  'AwsEndpointUrl',
];

/** Lines of columns, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
