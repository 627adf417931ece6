import { escaped } from './network-svg.ts';

/** A text as HTML shows it. Everything that stands in a page goes through here, or is markup of ours. */
export { escaped };

/** The same for paths and types, which may break after a slash or a colon and nowhere else. */
export function breakable(text: string): string {
  return escaped(text).replace(/\/|::/g, '$&<wbr>');
}

/** One page that stands alone: no script, no address, readable by ear, on a small screen and on paper. */
export function page(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#content">To the content</a>',
    '<main id="content">',
    `<h1>${escaped(title)}</h1>`,
    ...body,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** A table with a caption. Cells are HTML; the first of each row heads it. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  kind = '',
): readonly string[] {
  return [
    `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}">`,
    `<table${kind ? ` class="${kind}"` : ''}>`,
    `<caption>${escaped(caption)}</caption>`,
    `<thead><tr>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(
      ([head = '', ...cells]) =>
        `<tr><th scope="row">${head}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
    ),
    '</tbody>',
    '</table>',
    '</div>',
  ];
}

/** A state as a word in a frame of its colour; the word alone says it. */
export function badge(state: string): string {
  const kind =
    {
      holds: 'good',
      'holds for our part': 'good',
      fails: 'bad',
      'in part': 'part',
      'not shown': 'part',
      'not built': 'part',
    }[state] ?? 'plain';
  return `<span class="badge ${kind}">${escaped(state)}</span>`;
}

const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #111827; background: #fff; }
main { max-width: 78rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid #111827; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { max-width: 52rem; margin: .4rem 0; }
a { color: #1d4f91; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: .5rem; top: .5rem; background: #fff; padding: .5rem; }
:focus-visible { outline: 3px solid #1d4f91; outline-offset: 2px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; font-size: .88rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d1d5db; }
thead th { border-bottom: 2px solid #6b7280; background: #f3f4f6; }
tbody th { font-weight: 600; }
.live th, .live td:nth-child(2) { min-width: 16rem; }
.live tbody th { font-weight: 400; }
.assets tbody th, .ways tbody th { min-width: 11rem; }
.first td:nth-child(3), .first td:nth-child(4), .second td:nth-child(5), .second td:nth-child(6) { background: #f3f6fb; }
.badge { display: inline-block; padding: 0 .5em; border: 1.5px solid; border-radius: .25em; font-size: .82rem; font-weight: 600; white-space: nowrap; background: #fff; }
.good { color: #14532d; } .bad { color: #9b1c1c; } .part { color: #7a4b00; } .plain { color: #4b5563; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
.figures li { border: 1px solid #9ca3af; border-radius: .3rem; padding: .5rem .9rem; min-width: 8rem; }
.figures strong { display: block; font-size: 1.5rem; line-height: 1.2; }
code { font: .85em ui-monospace, monospace; }
.small code { overflow-wrap: anywhere; }
ul.plain { margin: .2rem 0; padding-left: 1.1rem; }
.control { margin: .35rem 0 .7rem; padding-left: .8rem; border-left: 3px solid #d1d5db; }
.control p { margin: 0; }
.small { font-size: .82rem; color: #374151; }
svg { width: 100%; height: auto; border: 1px solid #d1d5db; }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  body { font-size: 10px; } main { padding: 0; max-width: none; }
  h2 { break-before: page; border: 0; } h2.follows { break-before: auto; }
  tr, .control, .safeguard, svg { break-inside: avoid; } h3 { break-after: avoid; } thead { display: table-header-group; }
  .wide { overflow: visible; } .skip { display: none; }
}
`;
