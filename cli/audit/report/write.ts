import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { csvOf } from './csv.ts';
import { htmlOf } from './html.ts';
import type { Report } from './model.ts';
import { pdfOf } from './pdf.ts';
import type { Names } from './people.ts';

export const formats = ['html', 'csv', 'pdf'] as const;
export type Format = (typeof formats)[number];

/** Writes a report into `directory`; gives the files' paths. The same report is the same bytes, in whatever order it is written. */
export async function writeReport(
  report: Report,
  names: Names,
  directory: string,
  wanted: readonly Format[],
): Promise<readonly string[]> {
  mkdirSync(directory, { recursive: true });
  const written: string[] = [];
  const place = (name: string): string => {
    const file = path.join(directory, name);
    written.push(file);
    return file;
  };
  if (wanted.includes('html')) writeFileSync(place(`${report.name}.html`), htmlOf(report, names));
  if (wanted.includes('pdf')) writeFileSync(place(`${report.name}.pdf`), await pdfOf(report, names));
  if (wanted.includes('csv')) {
    for (const section of report.sections) {
      const file = place(`${report.name}-${section.slug}.csv`);
      await pipeline(Readable.from(csvOf(section, names)), createWriteStream(file));
    }
  }
  return written;
}
