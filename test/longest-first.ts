import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take half a minute and more, the longest first. Vitest knows what took long last time, which a fresh clone does
 * not; a long file that begins last runs on alone while the other worker has nothing left to do.
 */
const LONG = [
  'journey/promises/reconnect',
  'journey/authorisation-matrix',
  'cli/chat',
  'cli/start',
  'cli/audit/export',
  'journey/promises/over-time',
  'journey/anywhere/p2-one-order',
  'journey/histories',
  'journey/retention',
  'journey/destroyed-keys',
  'journey/attachments',
  'journey/attachment-lifetime',
  'journey/attachment-malware',
  'journey/attachment-costs',
  'journey/attachment-parts',
  'journey/patient-export',
  'journey/promises/p7-expired-is-gone',
  'journey/promises/p4-exactly-what-was-missed',
  'journey/revocation',
  'journey/removal',
  'conformance',
  'journey/promises/planted-bugs',
  'journey/anywhere/sdk-sync',
  'journey/sdk-browser',
  'journey/anywhere/p6-removed-hears-no-more',
  'journey/nothing-leaks',
  'journey/attacks/ways-around-mfa',
  'journey/attacks/forged-tokens',
  'lib/synth',
  'local/differential/cognito-client-library',
  'journey/anywhere/sdk',
  'journey/least-privilege',
  'journey/people',
  'journey/attacks/ended-tokens',
].map((name) => join(import.meta.dirname, `${name}.test.ts`));

const gone = LONG.filter((file) => !existsSync(file));
if (gone.length > 0) throw new Error(`test/longest-first.ts names what is not there: ${gone.join(', ')}`);

/** Begins with the long files, in their order; the others follow as Vitest would have them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      LONG.includes(moduleId) ? LONG.indexOf(moduleId) : LONG.length;
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}
