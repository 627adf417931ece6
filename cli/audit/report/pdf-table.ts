import type { Row } from '../trail.ts';
import type { Column, ColumnKind } from './model.ts';
import type { PdfPages } from './pdf-pages.ts';
import type { Names } from './people.ts';
import { type CellLine, cellOf } from './wording.ts';

/** Rows of one table that are printed; the rest is in the CSV file. */
export const MOST_TABLE_ROWS = 300;

const SIZE = 7.5;
const ID_SIZE = 6.5;
const LINE = 9.2;
const PAD = 3;

/** Points that a column needs at least, by what stands in it, and how eagerly it takes what is left. */
const needs: Record<ColumnKind, { readonly least: number; readonly grows: number }> = {
  time: { least: 84, grows: 0 },
  person: { least: 108, grows: 1 },
  id: { least: 108, grows: 0 },
  count: { least: 44, grows: 0.8 },
  seconds: { least: 62, grows: 0 },
  text: { least: 60, grows: 1.4 },
};

/** A table over as many pages as it takes, its head on each of them. */
export function tableOn(
  pages: PdfPages,
  columns: readonly Column[],
  rows: readonly Row[],
  names: Names,
): void {
  const widths = widthsOf(columns, pages.width);
  const table = pages.holder('Table');
  const { document } = pages;
  const across = widths.reduce((sum, one) => sum + one, 0);
  const head = (): void => {
    const labels = columns.map(({ label }) => [{ text: label, isId: false }]);
    rowOn(labels, 'TH');
  };
  const rowOn = (cells: readonly (readonly CellLine[])[], tag: 'TH' | 'TD'): void => {
    const wrapped = cells.map((lines, place) => wrap(lines, (widths[place] ?? 0) - 2 * PAD));
    const height = Math.max(...wrapped.map((lines) => lines.length)) * LINE + 2 * PAD;
    if (!pages.fits(height)) {
      pages.begin();
      if (tag === 'TD') head();
    }
    const top = pages.top;
    pages.apart(() => {
      if (tag === 'TH') document.rect(pages.left, top, across, height).fill('#eef2f6');
      document.lineWidth(0.4).strokeColor('#d5dce3');
      document
        .moveTo(pages.left, top)
        .lineTo(pages.left + across, top)
        .stroke();
    });
    const row = document.struct('TR');
    table.add(row);
    let left = pages.left;
    wrapped.forEach((lines, place) => {
      const width = widths[place] ?? 0;
      const isNumber = /^(count|seconds)$/.test(columns[place]?.kind ?? '');
      row.add(
        document.struct(tag, {}, () => {
          lines.forEach(({ text, isId }, line) => {
            document.font(isId ? 'Courier' : tag === 'TH' ? 'Helvetica-Bold' : 'Helvetica');
            document.fontSize(isId ? ID_SIZE : SIZE).fillColor(isId ? '#51606f' : '#1b2733');
            const from = isNumber ? left + width - PAD - document.widthOfString(text) : left + PAD;
            document.text(text, from, top + PAD + line * LINE, { lineBreak: false });
          });
        }),
      );
      left += width;
    });
    pages.space(height);
  };
  const wrap = (lines: readonly CellLine[], width: number): CellLine[] =>
    lines.flatMap(({ text, isId }) => {
      document.font(isId ? 'Courier' : 'Helvetica-Bold').fontSize(isId ? ID_SIZE : SIZE);
      return brokenInto(text, width, (part) => document.widthOfString(part)).map((part) => ({
        text: part,
        isId,
      }));
    });

  pages.room(3 * LINE + 4 * PAD);
  head();
  for (const row of rows)
    rowOn(
      columns.map((column) => cellOf(row, column, names)),
      'TD',
    );
  pages.space(8);
}

function widthsOf(columns: readonly Column[], whole: number): readonly number[] {
  const least = columns.map(({ kind }) => needs[kind].least);
  const needed = least.reduce((sum, one) => sum + one, 0);
  if (needed >= whole) return least.map((one) => (one * whole) / needed);
  const most = columns.map(({ kind }) => needs[kind].least * (1 + needs[kind].grows));
  const growth = most.reduce((sum, one) => sum + one, 0) - needed;
  const taken = growth === 0 ? 0 : Math.min(1, (whole - needed) / growth);
  return least.map((one, place) => one + ((most[place] ?? one) - one) * taken);
}

/** Lines no wider than `width`, broken between words, and within a word that is too long. */
function brokenInto(text: string, width: number, measured: (part: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=[ .-])/)) {
    if (measured((line + word).trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    line = word;
    while (measured(line.trimEnd()) > width && line.length > 1) {
      let cut = line.length - 1;
      while (cut > 1 && measured(line.slice(0, cut)) > width) cut -= 1;
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  return [...lines, line.trimEnd()];
}
