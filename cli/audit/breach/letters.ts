import PDFDocument from 'pdfkit';
import { time } from '../report/wording.ts';
import { addDays } from './dates.ts';
import type { Affected } from './exposure.ts';
import type { Incident } from './incident.ts';

/**
 * A letter to one individual with what 164.404(c)(1) asks for, (A) to (E). It holds nothing of theirs but an id: names and
 * addresses are put in by whoever sends it, as is everything in brackets.
 */
export function letterTo(patient: Affected, { window, discovered, trail }: Incident): readonly string[] {
  const clinic = trail.settings.deployment ?? '[name of the organisation]';
  const isCertain = patient.opened > 0;
  return [
    `[Letterhead of ${clinic}]`,
    `[Date: no later than ${addDays(discovered, 60)}]`,
    `[Name and last known address of ${patient.person}]`,
    'Notice of a breach of your health information',
    'Dear [name],',
    `What happened. Between ${time(window.from)} and ${time(window.before)} UTC [somebody who should not have been able to] could open messages about your care with us. We discovered this on ${discovered}. [What happened, in a few plain words.]`,
    `What information was involved. ${isCertain ? 'Our records show that messages about your care were opened.' : 'Our records do not show that messages about your care were opened, and we cannot rule it out.'} Such messages can hold [your name, appointments, symptoms, results, medicines, pictures]. [Say whether a Social Security number, an account number or a diagnosis was among them.]`,
    'What you can do. [Steps to protect yourself from harm that may follow: look through bills and explanations of benefits for care that you did not have; ask for a free credit report; tell us of anything unusual.]',
    'What we are doing. We have [ended the access, looked into what was opened, and changed what let it happen]. [What is done to lessen harm, and to protect against further breaches.]',
    'Whom to ask. Call us free of charge at [toll-free number], write to [e-mail address] or [postal address], or see [web site]. We are sorry that this happened.',
    '[Name and office of whoever signs]',
  ];
}

export function asText(paragraphs: readonly string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}

/** The same on paper; the same letter is the same bytes. */
export async function asPdf(paragraphs: readonly string[], asOf: string): Promise<Buffer> {
  const document = new PDFDocument({
    ...{ size: 'LETTER', margin: 72, pdfVersion: '1.7', tagged: true, lang: 'en-US', displayTitle: true },
    info: {
      Title: 'Notice of a breach of your health information',
      Creator: 'Wardline',
      Producer: 'Wardline',
      CreationDate: new Date(asOf === '' ? 0 : asOf),
    },
  });
  const parts: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (part: Buffer) => parts.push(part));
    document.on('end', () => resolve(Buffer.concat(parts)));
    document.on('error', reject);
  });
  const root = document.struct('Document');
  document.addStructure(root);
  for (const paragraph of paragraphs) {
    const isTitle = paragraph.startsWith('Notice of');
    root.add(
      document.struct(isTitle ? 'H1' : 'P', {}, () => {
        document.font(isTitle ? 'Helvetica-Bold' : 'Helvetica').fontSize(isTitle ? 14 : 11);
        document.text(paragraph, { paragraphGap: 9, lineGap: 1.5 });
      }),
    );
  }
  document.end();
  return done;
}
