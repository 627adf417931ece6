import type { Difference } from './difference.ts';
import { escaped, page, table } from './html.ts';

const parts = {
  safeguards: 'Safeguards',
  rules: 'Rules over the template',
  flows: 'Ways of data',
  assets: 'Assets',
} as const;

/** `difference.html`: what came, went and changed since the pack before. */
export function differencePage(difference: Difference): string {
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const rows = names.map((name) => {
    const { came, went, changed } = difference[name];
    return [
      parts[name],
      String(came.length),
      String(went.length),
      String(new Set(changed.map(({ what }) => what)).size),
    ];
  });
  return page('Difference to the pack before', [
    ...table('In numbers', ['', 'Came', 'Went', 'Changed'], rows),
    ...names.flatMap((name) => part(parts[name], difference[name])),
  ]);
}

function part(title: string, { came, went, changed }: Difference['assets']): readonly string[] {
  if (came.length + went.length + changed.length === 0)
    return [`<h2 class="follows">${title}</h2>`, '<p>No difference.</p>'];
  return [
    `<h2 class="follows">${title}</h2>`,
    ...list('Came', came),
    ...list('Went', went),
    ...(changed.length > 0
      ? table(
          `${title} that changed`,
          ['What', 'Of it', 'Before', 'Now'],
          changed.map(({ what, field, before, after }) => [what, field, before, after].map(escaped)),
        )
      : []),
  ];
}

function list(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [`<h3>${title}</h3>`, `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`];
}
