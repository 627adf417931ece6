import type { PatientExport as Said } from '../../protocol/exports.ts';
import type { AskedExport, PatientExport } from '../domain/patient-exports.ts';

/** An export as privacy officers see it. */
function exportAnswer(one: PatientExport): Said {
  const { exportId, person, state, requestedBy, approvedBy, approvedAt, readyAt, until, packed, endedBy } =
    one;
  return {
    ...{ exportId, person, state, requestedBy, approvedBy, approvedAt: time(approvedAt) },
    ...(readyAt !== undefined && { readyAt: time(readyAt) }),
    ...(until !== undefined && { until: time(until) }),
    ...(endedBy && { endedBy }),
    ...(packed && { bytes: packed.bytes, sha256: packed.sha256 }),
  };
}

export function askedExport(value: AskedExport) {
  if (value.state !== 'awaiting-second-person') return exportAnswer(value);
  const { state, requestedBy, until } = value;
  return { state, requestedBy, until: time(until) };
}

export function exportList(exports: readonly PatientExport[]) {
  return { exports: exports.map(exportAnswer) };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
