import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { Failure } from '../failure.ts';

/** How a run of tests ended, by `file > name`. */
export type TestResults = ReadonlyMap<string, 'passed' | 'failed' | 'skipped'>;

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});

/** Reads what `npx vitest run --reporter=json --outputFile=FILE` wrote. A name that stands twice in a file passes where both do. */
export function readTestResults(file: string): TestResults {
  const read = Report.safeParse(parsed(file));
  if (!read.success)
    throw new Failure(
      'usage',
      `${file} is no report of vitest: npx vitest run --reporter=json --outputFile=FILE`,
    );
  const results = new Map<string, 'passed' | 'failed' | 'skipped'>();
  for (const { name, assertionResults } of read.data.testResults) {
    const path = /(?:^|\/)(test\/.*)$/.exec(name)?.[1] ?? name;
    for (const { title, status } of assertionResults) {
      const key = `${path} > ${title}`;
      const ended = status === 'passed' || status === 'failed' ? status : 'skipped';
      if (results.get(key) !== 'failed') results.set(key, ended);
    }
  }
  return results;
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
