import type { Row } from '../trail.ts';
import type { Section } from './model.ts';
import type { Names } from './people.ts';

/** A table as RFC 4180 has it, line by line; a person stands there with their roles, and with their name where one was given. */
export async function* csvOf(
  { columns, rows }: Pick<Section, 'columns' | 'rows'>,
  names: Names,
): AsyncGenerator<string> {
  yield line(
    columns.flatMap(({ label, kind }) => {
      if (kind !== 'person') return [kind === 'seconds' ? `${label} (seconds)` : label];
      return [label, `${label}: roles`, ...(names.areGiven ? [`${label}: name`] : [])];
    }),
  );
  for await (const row of rows.each()) yield line(fieldsOf(row, columns, names));
}

function fieldsOf(row: Row, columns: Section['columns'], names: Names): string[] {
  return columns.flatMap(({ of, kind }) => {
    const text = String(row[of] ?? '');
    if (kind !== 'person') return [text];
    return [text, names.roleOf(text), ...(names.areGiven ? [names.nameOf(text)] : [])];
  });
}

function line(fields: readonly string[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
