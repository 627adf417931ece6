import PDFDocument from 'pdfkit';
import { drawn, TEXT_SIZE } from './chart.ts';
import type { Chart, Report, Section } from './model.ts';
import { PdfPages } from './pdf-pages.ts';
import { MOST_TABLE_ROWS, tableOn } from './pdf-table.ts';
import type { Names } from './people.ts';
import { count } from './wording.ts';

/**
 * The report as a tagged PDF, page by page. Its only time is that of the newest record, and nothing in it is random: the
 * same report is the same bytes. Its fonts hold the letters of western European languages; others do not show.
 */
export async function pdfOf(report: Report, names: Names): Promise<Buffer> {
  const document = new PDFDocument({
    ...{ size: 'LETTER', layout: 'landscape', margin: 0, bufferPages: true, autoFirstPage: false },
    ...{ pdfVersion: '1.7', tagged: true, lang: 'en-US', displayTitle: true },
    info: {
      Title: `${report.title}: ${report.deployment}, ${report.range}`,
      Creator: 'Wardline',
      Producer: 'Wardline',
      CreationDate: new Date(report.asOf === '' ? 0 : report.asOf),
    },
  });
  const parts: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (part: Buffer) => parts.push(part));
    document.on('end', () => resolve(Buffer.concat(parts)));
    document.on('error', reject);
  });
  const pages = new PdfPages(document);
  firstPage(pages, report);
  for (const section of report.sections) sectionOn(pages, section, report, names);
  pages.heading('What this cannot know', 2);
  for (const limit of report.limits) pages.item(limit);
  if (report.signed) signOff(pages);
  pages.finish(
    `${report.title} · ${report.deployment} · ${report.range}`,
    `Export ${report.exportHash} · times are UTC`,
  );
  document.end();
  return done;
}

function firstPage(pages: PdfPages, report: Report): void {
  pages.begin();
  pages.heading(report.title, 1);
  pages.paragraph(report.question, 'soft');
  pages.space(8);
  pages.panel('The answer', report.answers);
  pages.space(6);
  pages.heading('What this is made from', 2);
  pages.pairs(report.facts);
}

function sectionOn(pages: PdfPages, section: Section, report: Report, names: Names): void {
  const { heading, says, chart, rows, columns, slug, empty } = section;
  pages.room(120);
  pages.heading(heading, 2);
  for (const sentence of says) pages.paragraph(sentence);
  if (rows.total === 0) {
    pages.paragraph(empty, 'soft');
    return;
  }
  if (chart) chartOn(pages, chart);
  tableOn(pages, columns, rows.first.slice(0, MOST_TABLE_ROWS), names);
  if (rows.total > MOST_TABLE_ROWS) {
    const shown = `The first ${count(MOST_TABLE_ROWS)} rows of ${count(rows.total)}`;
    pages.paragraph(`${shown}. All of them are in ${report.name}-${slug}.csv.`, 'soft');
  }
}

function chartOn(pages: PdfPages, chart: Chart): void {
  const { width, height, boxes, lines, texts } = drawn(chart);
  pages.room(height + 24);
  pages.paragraph(chart.title, 'strong');
  const spoken = chart.bars
    .map(({ label, parts }) => `${label}: ${parts.map(count).join(' and ')}`)
    .join('; ');
  pages.figure(`${chart.title}, in ${chart.unit}. ${spoken}`, height, (document, left, top) => {
    document.lineWidth(0.5).strokeColor('#c9d1d9');
    for (const { x1, y1, x2, y2 } of lines)
      document
        .moveTo(left + x1, top + y1)
        .lineTo(left + x2, top + y2)
        .stroke();
    for (const box of boxes) document.rect(left + box.x, top + box.y, box.width, box.height).fill(box.colour);
    document.font('Helvetica').fontSize(TEXT_SIZE).fillColor('#1b2733');
    for (const { x, y, text, anchor } of texts) {
      const wide = document.widthOfString(text);
      const from = anchor === 'start' ? x : anchor === 'end' ? x - wide : x - wide / 2;
      document.text(text, left + Math.min(from, width - wide), top + y - TEXT_SIZE + 1, { lineBreak: false });
    }
  });
}

function signOff(pages: PdfPages): void {
  pages.room(150);
  pages.heading('Sign-off', 2);
  pages.paragraph(
    'Whoever reviews this signs the file itself: "wardline audit sign-off FILE --by NAME" stores who, when and the SHA-256 of the file beside it. On paper:',
  );
  pages.blanks(['Reviewed by', 'Date', 'Found, and what follows']);
}
