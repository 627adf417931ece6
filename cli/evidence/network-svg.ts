import { type Group, groupsOf, type Line } from './map-groups.ts';
import type { NetworkMap } from './network-map.ts';

interface Box {
  readonly group: Group;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly string[];
}

const columns = {
  outside: { x: 16, width: 128, letters: 18 },
  entrance: { x: 196, width: 150, letters: 21 },
  work: { x: 420, width: 320, letters: 46 },
  store: { x: 830, width: 190, letters: 25 },
  key: { x: 1070, width: 150, letters: 18 },
} as const;

const WIDTH = 1_244;
const TOP = 84;
const LINE = 15;
const GAP = 14;

/** By what a store holds; the words stand in the box too, so that nothing hangs on a colour. */
const colours: Readonly<Record<string, string>> = {
  clear: '#9b1c1c',
  sealed: '#8a5a00',
  about: '#1d4f91',
  none: '#4b5563',
  'not written down': '#9b1c1c',
};

const ephiWords: Readonly<Record<string, string>> = {
  clear: 'ePHI under the store’s key',
  sealed: 'ePHI, sealed before it is stored',
  about: 'about people: ids, times, roles',
  none: 'no ePHI',
  'not written down': 'NOT WRITTEN DOWN',
};

/** The ePHI network map as one picture, for a screen and for paper: from outside on the left to what is stored and its keys on the right. */
export function networkSvg(map: NetworkMap): string {
  const { groups, lines } = groupsOf(map);
  const boxes = placed(groups);
  const height = Math.max(...boxes.map(({ y, height: own }) => y + own)) + 92;
  const byId = new Map(boxes.map((box) => [box.group.id, box]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="map-title map-description" font-family="system-ui, sans-serif" font-size="12">`,
    '<title id="map-title">ePHI network map</title>',
    `<desc id="map-description">${map.nodes.length} parts and ${map.flows.length} ways between them, drawn from the template. Every one of them stands in network-map.json, and in the tables below the map in evidence.html.</desc>`,
    ...markers(),
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    boundary(height),
    ...headings(),
    ...lines.flatMap((line) => drawn(line, byId)),
    ...boxes.map(drawnBox),
    ...legend(height),
    '</svg>',
    '',
  ].join('\n');
}

function placed(groups: readonly Group[]): readonly Box[] {
  const heights = new Map<string, number>();
  const boxes = groups.map((group) => {
    const { x, width, letters } = columns[group.column];
    const lines = textOf(group, letters);
    const y = heights.get(group.column) ?? TOP;
    const height = lines.length * LINE + 14;
    heights.set(group.column, y + height + GAP);
    return { group, x, y, width, height, lines };
  });
  const longest = Math.max(...heights.values());
  return boxes.map((box) => ({ ...box, y: box.y + (longest - (heights.get(box.group.column) ?? 0)) / 2 }));
}

function textOf({ title, labels, ephi, column }: Group, letters: number): readonly string[] {
  const heading = labels.length > 1 ? `${title} (${labels.length})` : title;
  const members =
    labels.length > 1 && column === 'work' ? shortened(wrapped(labels.join(', '), letters), 5) : [];
  const alone =
    labels.length === 1 && column === 'work' && labels[0] !== title ? wrapped(labels[0] ?? '', letters) : [];
  const told = ephi !== undefined && column === 'store' ? wrapped(ephiWords[ephi] ?? ephi, letters) : [];
  return [
    ...wrapped(heading, letters),
    ...members,
    ...(title.includes(':') && column === 'work' && !title.startsWith('AWS') && !title.startsWith('Guard')
      ? alone
      : []),
    ...told,
  ];
}

function wrapped(text: string, letters: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= letters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function shortened(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), '… all of them in the table of ways'];
}

function drawnBox({ group, x, y, width, height, lines }: Box): string {
  const colour = group.column === 'key' ? '#4b5563' : (colours[group.ephi ?? ''] ?? '#111827');
  const shape = group.column === 'store' ? 10 : 3;
  const texts = lines.map((line, at) => {
    const weight = at === 0 ? ' font-weight="600"' : '';
    return `<text x="${x + 10}" y="${y + 19 + at * LINE}" fill="${at === 0 ? '#111827' : '#374151'}"${weight}>${escaped(line)}</text>`;
  });
  return [
    '<g>',
    `<title>${escaped([group.title, ...group.labels].join(', '))}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${shape}" fill="#fff" stroke="${colour}" stroke-width="1.6"/>`,
    `<rect x="${x}" y="${y}" width="4" height="${height}" fill="${colour}"/>`,
    ...texts,
    '</g>',
  ].join('\n');
}

/** From the near side of one box to the near side of the other, spread along the side by where the other one stands. */
function drawn(line: Line, boxes: ReadonlyMap<string, Box>): readonly string[] {
  const from = boxes.get(line.from);
  const to = boxes.get(line.to);
  if (!from || !to) return [];
  const forward = from.x < to.x;
  const [x1, x2] =
    from.x === to.x ? [from.x, to.x] : forward ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
  if (line.kind === 'enters' && to.group.column === 'store') return around(line, from, to);
  const y1 = sidePoint(from, to);
  const y2 = sidePoint(to, from);
  const bend = from.x === to.x ? -46 : (x2 - x1) / 2;
  const colour = line.kind === 'encrypts' ? '#9ca3af' : (colours[to.group.ephi ?? ''] ?? '#374151');
  const dash = line.writes || line.kind === 'encrypts' ? '' : ' stroke-dasharray="5 4"';
  const arrow = line.kind === 'encrypts' ? '' : ` marker-end="url(#arrow-${colour.slice(1)})"`;
  const words = `${line.from} → ${line.to}: ${line.kind}, ${line.count} ${line.count === 1 ? 'way' : 'ways'}`;
  const x3 = from.x === to.x ? x2 + bend : x2 - bend;
  return [
    `<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${x3} ${y2} ${x2} ${y2}" fill="none" stroke="${colour}" stroke-opacity="0.6" stroke-width="${(1 + Math.min(2, Math.log2(line.count) / 2)).toFixed(2)}"${dash}${arrow}><title>${escaped(words)}</title></path>`,
  ];
}

/** What goes from outside straight to a store runs above everything that it passes by. */
function around(line: Line, from: Box, to: Box): readonly string[] {
  const colour = colours[to.group.ephi ?? ''] ?? '#374151';
  const x = from.x - 9;
  const y = from.y + from.height / 2;
  const turn = to.x - 26;
  const words = 'presigned requests, for minutes, over TLS';
  return [
    `<path d="M${from.x} ${y} H${x} V${TOP - 12} H${turn} V${to.y + 16} H${to.x}" fill="none" stroke="${colour}" stroke-width="1.5" marker-end="url(#arrow-${colour.slice(1)})"><title>${escaped(`${line.from} → ${line.to}: ${words}`)}</title></path>`,
    `<text x="${columns.work.x + columns.work.width + 10}" y="${TOP - 18}" fill="${colour}" font-size="11" text-anchor="end">${words}</text>`,
  ];
}

/** A place on a box's side, nearer to its top where the other stands higher. */
function sidePoint(box: Box, other: Box): number {
  const middle = box.y + box.height / 2;
  const lean = Math.max(-1, Math.min(1, (other.y + other.height / 2 - middle) / 300));
  return Math.round(middle + (lean * (box.height - 12)) / 2);
}

function markers(): readonly string[] {
  const used = [...new Set([...Object.values(colours), '#374151'])];
  return [
    '<defs>',
    ...used.map(
      (colour) =>
        `<marker id="arrow-${colour.slice(1)}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" fill="${colour}"/></marker>`,
    ),
    '</defs>',
  ];
}

function boundary(height: number): string {
  const x = 170;
  return [
    `<rect x="${x}" y="34" width="${WIDTH - x - 10}" height="${height - 96}" rx="6" fill="#f9fafb" stroke="#6b7280" stroke-dasharray="8 5"/>`,
    `<text x="${x + 12}" y="26" font-weight="600" fill="#374151">The organisation’s AWS account, one Region</text>`,
    '<text x="16" y="26" font-weight="600" fill="#374151">Internet</text>',
  ].join('\n');
}

function headings(): readonly string[] {
  const told = {
    entrance: 'What listens',
    work: 'What works',
    store: 'What keeps',
    key: 'Keys of KMS',
  } as const;
  return Object.entries(told).map(
    ([column, words]) =>
      `<text x="${columns[column as keyof typeof told].x}" y="60" fill="#4b5563" font-size="13">${words}</text>`,
  );
}

function legend(height: number): readonly string[] {
  const items = ['clear', 'sealed', 'about', 'none'].map(
    (ephi) => [colours[ephi] ?? '', ephiWords[ephi] ?? ''] as const,
  );
  return [
    ...items.map(
      ([colour, words], at) =>
        `<rect x="${16 + at * 240}" y="${height - 46}" width="12" height="12" fill="${colour}"/><text x="${34 + at * 240}" y="${height - 36}" fill="#374151">${words}</text>`,
    ),
    `<text x="16" y="${height - 14}" fill="#374151">Whole line: writes, sends or starts. Broken line: only reads. Grey: encrypted at rest by that key. Thicker: more ways. Each function also writes to a log group of its own; its uses of keys are in the table.</text>`,
  ];
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
