import type { Chart } from './model.ts';
import { count } from './wording.ts';

/** A chart as shapes, in points from its upper left corner: pages and paper draw the same ones. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly lines: readonly {
    readonly x1: number;
    readonly y1: number;
    readonly x2: number;
    readonly y2: number;
  }[];
  readonly texts: readonly Text[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: string;
}

export interface Text {
  readonly x: number;
  /** Of its baseline. */
  readonly y: number;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
}

export const TEXT_SIZE = 9;
/** Told apart by lightness too, for print without colour and for eyes that see few colours. */
const colours = ['#1f4e79', '#e08a1e', '#9aa5b1'];
const WIDTH = 680;
const LINE = 18;

export function drawn(chart: Chart): Drawing {
  const legend = chart.series.length > 1 ? legendOf(chart.series) : { boxes: [], texts: [] };
  const top = chart.series.length > 1 ? 22 : 4;
  const body = chart.lies === 'across' ? across(chart, top) : upright(chart, top);
  return {
    ...body,
    width: WIDTH,
    boxes: [...legend.boxes, ...body.boxes],
    texts: [...legend.texts, ...body.texts],
  };
}

type Body = Omit<Drawing, 'width'>;

function across({ bars, unit }: Chart, top: number): Body {
  const labels = 270;
  const room = WIDTH - labels - 90;
  const most = mostOf(bars);
  const boxes: Box[] = [];
  const texts: Text[] = [];
  bars.forEach(({ label, parts }, place) => {
    const y = top + place * LINE;
    texts.push({ x: labels - 8, y: y + 12, text: shortened(label), anchor: 'end' });
    let x = labels;
    parts.forEach((part, series) => {
      const width = (part / most) * room;
      if (width > 0)
        boxes.push({ x, y: y + 3, width, height: LINE - 6, colour: colours[series] ?? '#000000' });
      x += width;
    });
    const whole = parts.reduce((sum, part) => sum + part, 0);
    texts.push({
      x: x + 5,
      y: y + 12,
      text: `${count(whole)}${place === 0 ? ` ${unit}` : ''}`,
      anchor: 'start',
    });
  });
  const bottom = top + bars.length * LINE;
  return { height: bottom + 4, boxes, texts, lines: [{ x1: labels, y1: top, x2: labels, y2: bottom }] };
}

function upright({ bars, unit }: Chart, top: number): Body {
  const left = 52;
  const height = 130;
  const base = top + 14 + height;
  const most = rounded(mostOf(bars));
  const step = (WIDTH - left) / Math.max(1, bars.length);
  const every = Math.ceil(bars.length / 12);
  const boxes: Box[] = [];
  const texts: Text[] = [{ x: 0, y: top + 8, text: unit, anchor: 'start' }];
  const lines = [0, 0.5, 1].map((part) => {
    const y = base - part * height;
    texts.push({ x: left - 6, y: y + 3, text: count(Math.round(part * most)), anchor: 'end' });
    return { x1: left, y1: y, x2: WIDTH, y2: y };
  });
  bars.forEach(({ label, parts }, place) => {
    const x = left + place * step;
    let y = base;
    parts.forEach((part, series) => {
      const tall = (part / most) * height;
      y -= tall;
      const box = { x: x + step * 0.12, y, width: step * 0.76, height: tall };
      if (tall > 0) boxes.push({ ...box, colour: colours[series] ?? '#000000' });
    });
    if (place % every === 0) texts.push({ x: x + step / 2, y: base + 13, text: label, anchor: 'middle' });
  });
  return { height: base + 20, boxes, texts, lines };
}

/** What fits beside a bar. */
function shortened(label: string): string {
  return label.length <= 52 ? label : `${label.slice(0, 51)}…`;
}

function legendOf(series: readonly string[]): Pick<Drawing, 'boxes' | 'texts'> {
  const boxes: Box[] = [];
  const texts: Text[] = [];
  let x = 0;
  series.forEach((label, place) => {
    boxes.push({ x, y: 3, width: 10, height: 10, colour: colours[place] ?? '#000000' });
    texts.push({ x: x + 15, y: 12, text: label, anchor: 'start' });
    x += 40 + label.length * 5.5;
  });
  return { boxes, texts };
}

function mostOf(bars: Chart['bars']): number {
  return Math.max(1, ...bars.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0)));
}

/** Up to the next 1, 2 or 5 of its power of ten; even, so that half of it is whole. */
function rounded(number: number): number {
  const power = 10 ** Math.floor(Math.log10(number));
  const up = [1, 2, 4, 6, 8, 10].find((step) => step * power >= number) ?? 10;
  return Math.max(2, up * power);
}
