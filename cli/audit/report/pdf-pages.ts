type PdfDocument = PDFKit.PDFDocument;

const LEFT = 36;
const TOP = 58;
const BOTTOM = 572;
const WIDTH = 720;
const INK = '#1b2733';
const SOFT = '#51606f';

type Tone = 'plain' | 'soft' | 'strong';

/** Places what a report says on pages of one size, from top to bottom, each part with its tag. */
export class PdfPages {
  private y = TOP;
  private readonly root: PDFKit.PDFStructureElement;

  constructor(readonly document: PdfDocument) {
    this.root = document.struct('Document');
    document.addStructure(this.root);
  }

  readonly left = LEFT;
  readonly width = WIDTH;

  /** Where the next part begins. */
  get top(): number {
    return this.y;
  }

  begin(): void {
    this.document.addPage();
    this.y = TOP;
  }

  /** A new page unless `height` points are left. */
  room(height: number): void {
    if (this.y + height > BOTTOM) this.begin();
  }

  fits(height: number): boolean {
    return this.y + height <= BOTTOM;
  }

  space(height: number): void {
    this.y += height;
  }

  heading(text: string, level: 1 | 2): void {
    const size = level === 1 ? 22 : 13;
    this.space(level === 1 ? 0 : 10);
    this.room(size * 3);
    this.write(level === 1 ? 'H1' : 'H2', text, { font: 'Helvetica-Bold', size, colour: '#1f4e79' });
    this.space(3);
  }

  paragraph(text: string, tone: Tone = 'plain'): void {
    const font = tone === 'strong' ? 'Helvetica-Bold' : 'Helvetica';
    this.write('P', text, { font, size: 9.5, colour: tone === 'soft' ? SOFT : INK });
    this.space(4);
  }

  item(text: string): void {
    this.write('P', `• ${text}`, { font: 'Helvetica', size: 9.5, colour: INK });
    this.space(2);
  }

  /** What must be seen first, with a line at its side. */
  panel(title: string, sentences: readonly string[]): void {
    const { document } = this;
    const width = WIDTH - 28;
    document.font('Helvetica').fontSize(11.5);
    const heights = sentences.map((one) => document.heightOfString(`• ${one}`, { width, lineGap: 1.5 }) + 5);
    const height = 34 + heights.reduce((sum, one) => sum + one, 0);
    this.room(height);
    const top = this.y;
    this.apart(() => {
      document.rect(LEFT, top, WIDTH, height).fill('#f5f8fb');
      document.rect(LEFT, top, 5, height).fill('#1f4e79');
    });
    this.y += 9;
    this.write('H2', title, { font: 'Helvetica-Bold', size: 13, colour: '#1f4e79', left: LEFT + 16, width });
    this.space(3);
    for (const sentence of sentences) {
      const style = { font: 'Helvetica', size: 11.5, colour: INK, left: LEFT + 16, width, lineGap: 1.5 };
      this.write('P', `• ${sentence}`, style);
      this.space(5);
    }
    this.y = Math.max(this.y, top + height);
  }

  /** Labels with what they stand for, two columns of them. */
  pairs(pairs: readonly (readonly [string, string])[]): void {
    const { document } = this;
    const width = WIDTH / 2 - 12;
    for (let place = 0; place < pairs.length; place += 2) {
      const two = pairs.slice(place, place + 2);
      const heights = two.map(([, value]) =>
        document.font('Helvetica').fontSize(9.5).heightOfString(value, { width }),
      );
      const height = 11 + Math.max(...heights) + 5;
      this.room(height);
      const top = this.y;
      two.forEach(([label, value], column) => {
        const left = LEFT + column * (width + 24);
        this.y = top;
        this.write('P', label, { font: 'Helvetica', size: 8, colour: SOFT, left, width });
        this.write('P', value, { font: 'Helvetica', size: 9.5, colour: INK, left, width });
      });
      this.y = top + height;
    }
  }

  blanks(labels: readonly string[]): void {
    for (const label of labels) {
      const top = this.y;
      this.write('P', label, { font: 'Helvetica', size: 9.5, colour: INK, width: 160 });
      this.apart(() => {
        this.document
          .lineWidth(0.5)
          .strokeColor(SOFT)
          .moveTo(LEFT + 170, top + 20)
          .lineTo(LEFT + 560, top + 20)
          .stroke();
      });
      this.y = top + 28;
    }
  }

  /** Something drawn, with the words that stand for it. */
  figure(
    alt: string,
    height: number,
    draw: (document: PdfDocument, left: number, top: number) => void,
  ): void {
    this.room(height);
    const top = this.y;
    this.root.add(this.document.struct('Figure', { alt }, () => draw(this.document, LEFT, top)));
    this.y = top + height + 6;
  }

  /** An element that holds others, e.g. a table; it is closed by the end of the document. */
  holder(tag: string): PDFKit.PDFStructureElement {
    const element = this.document.struct(tag);
    this.root.add(element);
    return element;
  }

  /** Draws what a reader who hears the page need not hear. */
  apart(draw: () => void): void {
    this.document.markContent('Artifact', { type: 'Layout' });
    draw();
    this.document.endMarkedContent();
  }

  /** Puts head and foot on every page, and how many there are. */
  finish(head: string, foot: string): void {
    const { document } = this;
    const { start, count } = document.bufferedPageRange();
    for (let page = start; page < start + count; page += 1) {
      document.switchToPage(page);
      document.markContent('Artifact', { type: 'Pagination' });
      document.font('Helvetica').fontSize(8).fillColor(SOFT);
      document.text(head, LEFT, 28, { lineBreak: false });
      document.text(foot, LEFT, 586, { lineBreak: false });
      const numbered = `Page ${page - start + 1} of ${count}`;
      document.text(numbered, LEFT + WIDTH - document.widthOfString(numbered), 586, { lineBreak: false });
      document
        .lineWidth(0.5)
        .strokeColor('#d5dce3')
        .moveTo(LEFT, 42)
        .lineTo(LEFT + WIDTH, 42)
        .stroke();
      document.endMarkedContent();
    }
  }

  private write(tag: string, text: string, style: Style): void {
    const { document } = this;
    const { left = LEFT, width = WIDTH, lineGap = 0.5 } = style;
    document.font(style.font).fontSize(style.size);
    const height = document.heightOfString(text, { width, lineGap });
    this.room(height);
    const top = this.y;
    this.root.add(
      document.struct(tag, {}, () => {
        document.font(style.font).fontSize(style.size).fillColor(style.colour);
        document.text(text, left, top, { width, lineGap });
      }),
    );
    this.y = top + height;
  }
}

interface Style {
  readonly font: string;
  readonly size: number;
  readonly colour: string;
  readonly left?: number;
  readonly width?: number;
  readonly lineGap?: number;
}
