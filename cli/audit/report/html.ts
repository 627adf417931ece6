import { drawn, TEXT_SIZE } from './chart.ts';
import type { Chart, Report, Section } from './model.ts';
import type { Names } from './people.ts';
import { cellOf, counted } from './wording.ts';

/** Rows of one table that a page shows; the rest is in the CSV file. */
export const MOST_ROWS = 1_000;

/** The report as one page that needs nothing else: no scripts, no fonts, no pictures from anywhere. */
export function htmlOf(report: Report, names: Names): string {
  const { title, question, answers, facts, sections, limits } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light">
<title>${escaped(`${title}: ${report.deployment}, ${report.range}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#sections">Skip to the tables</a>
<header>
<p class="deployment">${escaped(report.deployment)} · ${escaped(report.range)}</p>
<h1>${escaped(title)}</h1>
<p class="question">${escaped(question)}</p>
</header>
<main>
<section class="answer" aria-labelledby="answer">
<h2 id="answer">The answer</h2>
<ul>${answers.map((answer) => `<li>${escaped(answer)}</li>`).join('\n')}</ul>
</section>
<section aria-labelledby="facts">
<h2 id="facts">What this is made from</h2>
<dl>${facts.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${escaped(value)}</dd></div>`).join('\n')}</dl>
</section>
<nav aria-label="Tables" id="sections">
<ol>${sections.map(({ slug, heading, rows }) => `<li><a href="#${slug}">${escaped(heading)}</a> (${counted(rows.total, 'row', 'rows')})</li>`).join('\n')}</ol>
</nav>
${sections.map((section) => sectionOf(section, report, names)).join('\n')}
<section aria-labelledby="limits">
<h2 id="limits">What this cannot know</h2>
<ul>${limits.map((limit) => `<li>${escaped(limit)}</li>`).join('\n')}</ul>
</section>
${report.signed ? SIGN_OFF : ''}
</main>
<footer><p>Export ${escaped(report.exportHash)}. Times are UTC.</p></footer>
</body>
</html>
`;
}

function sectionOf(section: Section, report: Report, names: Names): string {
  const { slug, heading, says, chart, columns, rows, empty } = section;
  const shown = rows.first.slice(0, MOST_ROWS);
  const table =
    rows.total === 0
      ? `<p class="empty">${escaped(empty)}</p>`
      : `<div class="wide" role="region" tabindex="0" aria-label="${escaped(heading)}">
<table>
<caption>${escaped(heading)}${rows.total > shown.length ? `: the first ${counted(shown.length, 'row', 'rows')} of ${counted(rows.total, 'row', 'rows')}; all of them are in ${report.name}-${slug}.csv` : ''}</caption>
<thead><tr>${columns.map(({ label, kind }) => `<th scope="col" class="${kind}">${escaped(label)}</th>`).join('')}</tr></thead>
<tbody>
${shown.map((row) => `<tr>${columns.map((column) => cell(row, column, names)).join('')}</tr>`).join('\n')}
</tbody>
</table>
</div>`;
  return `<section aria-labelledby="${slug}">
<h2 id="${slug}">${escaped(heading)}</h2>
${says.map((sentence) => `<p>${escaped(sentence)}</p>`).join('\n')}
${chart && rows.total > 0 ? figureOf(chart, slug) : ''}
${table}
</section>`;
}

function cell(
  row: Section['rows']['first'][number],
  column: Section['columns'][number],
  names: Names,
): string {
  const lines = cellOf(row, column, names).map(({ text, isId }) =>
    isId ? `<code>${escaped(text)}</code>` : `<span>${escaped(text)}</span>`,
  );
  return `<td class="${column.kind}">${lines.join('<br>')}</td>`;
}

function figureOf(chart: Chart, slug: string): string {
  const { width, height, boxes, lines, texts } = drawn(chart);
  const shapes = [
    ...lines.map(({ x1, y1, x2, y2 }) => `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="#c9d1d9"/>`),
    ...boxes.map(
      (box) =>
        `<rect x="${n(box.x)}" y="${n(box.y)}" width="${n(box.width)}" height="${n(box.height)}" fill="${box.colour}"/>`,
    ),
    ...texts.map(
      ({ x, y, text, anchor }) =>
        `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escaped(text)}</text>`,
    ),
  ];
  return `<figure>
<figcaption id="${slug}-chart">${escaped(chart.title)}</figcaption>
<svg role="img" aria-labelledby="${slug}-chart" viewBox="0 0 ${n(width)} ${n(height)}" font-size="${TEXT_SIZE}">${shapes.join('')}</svg>
<p class="behind">The table below has the numbers.</p>
</figure>`;
}

function n(number: number): string {
  return String(Math.round(number * 100) / 100);
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const SIGN_OFF = `<section class="sign" aria-labelledby="sign">
<h2 id="sign">Sign-off</h2>
<p>Whoever reviews this signs the file itself: <code>wardline audit sign-off FILE --by NAME</code> stores who, when and the file's SHA-256 beside it. On paper:</p>
<table><tbody>
<tr><th scope="row">Reviewed by</th><td></td></tr>
<tr><th scope="row">Date</th><td></td></tr>
<tr><th scope="row">Found, and what follows</th><td></td></tr>
</tbody></table>
</section>`;

const STYLE = `
:root{--ink:#1b2733;--soft:#51606f;--line:#d5dce3;--deep:#1f4e79}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:2rem 1.5rem;color:var(--ink);background:#fff;font:16px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
.deployment{margin:0;color:var(--soft)}
h1{margin:.2rem 0;font-size:2rem;line-height:1.2}h2{margin:2.2rem 0 .6rem;font-size:1.3rem}
.question{margin:.2rem 0 0;font-size:1.1rem;color:var(--soft)}
.answer{margin-top:1.4rem;padding:.4rem 1.4rem 1rem;border:1px solid var(--line);border-left:.4rem solid var(--deep);background:#f5f8fb}
.answer h2{margin-top:.8rem}.answer li{margin:.35rem 0}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.8rem 1.6rem;margin:0}
dt{color:var(--soft);font-size:.85rem}dd{margin:0}
nav ol{padding-left:1.3rem}
a{color:var(--deep)}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.4rem}svg{width:100%;max-width:60rem;height:auto}svg text{fill:var(--ink);font-family:inherit}
.behind{margin:.2rem 0;color:var(--soft);font-size:.85rem}
.wide{overflow-x:auto;border:1px solid var(--line)}
table{border-collapse:collapse;width:100%;font-size:.85rem}
caption{text-align:left;padding:.5rem .6rem;font-weight:600}
th,td{padding:.35rem .6rem;border-top:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:normal}
thead th{background:#eef2f6;white-space:nowrap}
.count,.seconds{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.time{white-space:nowrap;font-variant-numeric:tabular-nums}
code{font:.92em/1.4 ui-monospace,"DejaVu Sans Mono",Consolas,monospace}
td code{white-space:nowrap;color:var(--soft)}
.empty{padding:.8rem 1rem;border:1px dashed var(--line);color:var(--soft)}
.sign td{width:70%;height:2.6rem}.sign th{width:30%}
footer{margin-top:2.5rem;border-top:1px solid var(--line);color:var(--soft);font-size:.8rem}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,.skip{display:none}.wide{overflow:visible;border:0}table{font-size:7.5pt}thead{display:table-header-group}tr,figure{break-inside:avoid}h2{break-after:avoid}}
`;
