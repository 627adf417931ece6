import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyCloudTrail } from './cloudtrail-digests.ts';
import type { Besides } from './verify.ts';

const FOLDER = 'cloudtrail';

/** What CloudTrail's own digests say of its files in an export; nothing where the export has none of them. */
export function cloudTrailIn(root: string): Besides {
  const folder = join(root, FOLDER);
  if (!existsSync(folder)) return { findings: [], notices: ['the export has no files of CloudTrail'] };
  if (!['public-keys.json', 'signatures.json'].every((name) => existsSync(join(folder, name)))) {
    const what = 'what CloudTrail signed with is missing: its files prove nothing';
    return { findings: [{ problem: 'missing', path: `${FOLDER}/public-keys.json`, what }], notices: [] };
  }
  const { findings, digests, logs, gaps, unproven } = verifyCloudTrail(folder, sinceOf(root));
  return {
    findings: findings.map(({ kind, file, reason }) => ({
      problem: kind === 'extra' ? 'inserted' : kind,
      path: `${FOLDER}/${file}`,
      what: reason,
    })),
    notices: [
      `CloudTrail: ${digests} digests and ${logs} log files are as CloudTrail signed them`,
      ...gaps.map(
        ({ chain, from, to }) => `CloudTrail's digests of ${chain} say nothing of ${from} to ${to}`,
      ),
      ...(unproven.length > 0 ? [`${unproven.length} log files of CloudTrail have no digest yet`] : []),
    ],
  };
}

/** From when on CloudTrail's files were exported, where not all were. */
function sinceOf(root: string): { readonly since?: string } {
  try {
    const { since } = JSON.parse(readFileSync(join(root, 'settings.json'), 'utf8')).cloudTrail;
    return typeof since === 'string' ? { since } : {};
  } catch {
    return {};
  }
}
