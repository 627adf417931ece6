import { accesses } from './accesses.ts';
import { activity } from './activity.ts';
import { type Asked, type Findings, reportOf } from './asked.ts';
import { disclosures } from './disclosures.ts';
import { emergencies } from './emergencies.ts';
import type { Kind, Report } from './model.ts';
import { recertification } from './recertification.ts';
import { retention } from './retention.ts';

const findings: Readonly<Record<Kind, (asked: Asked) => Promise<Findings>>> = {
  accesses,
  disclosures,
  activity,
  emergencies,
  retention,
  recertification,
};

/** The report of a kind, from what the trail says. */
export async function makeReport(kind: Kind, asked: Asked): Promise<Report> {
  return reportOf(kind, asked, await findings[kind](asked));
}
