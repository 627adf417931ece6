import type { Row, Value } from '../trail.ts';
import type { Column } from './model.ts';
import type { Names } from './people.ts';

/** A line of a cell; ids are set in a type of equal widths. */
export interface CellLine {
  readonly text: string;
  readonly isId: boolean;
}

/** What stands in a cell, line by line. */
export function cellOf(row: Row, { of, kind }: Column, names: Names): readonly CellLine[] {
  const value = row[of] ?? null;
  if (value === null || value === '') return [{ text: '–', isId: false }];
  if (kind === 'person') {
    const said = [names.nameOf(String(value)), names.roleOf(String(value))].filter((part) => part !== '');
    return [...said.map((text) => ({ text, isId: false })), { text: String(value), isId: true }];
  }
  return [{ text: worded(value, kind), isId: kind === 'id' }];
}

function worded(value: Value, kind: Column['kind']): string {
  if (kind === 'time') return time(String(value));
  if (kind === 'seconds') return duration(Number(value));
  if (kind === 'count') return count(Number(value));
  return String(value);
}

/** `2025-03-01 14:05:09 UTC`. */
export function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** `3 h 05 min`. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${count(hours)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `12,345`, whatever the machine's language. */
export function count(number: number): string {
  return number.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1 person`, `2 people`. */
export function counted(number: number, one: string, many: string): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
