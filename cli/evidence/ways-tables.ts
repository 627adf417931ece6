import { breakable, escaped, table } from './html.ts';
import type { Flow, NetworkMap } from './network-map.ts';

/** The map as tables, for whoever cannot see it or wants every single way: a row for each function, and one for each other way. */
export function waysTables({ nodes, flows }: NetworkMap): readonly string[] {
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  const functions = nodes.filter(({ kind }) => kind === 'function');
  const isFunction = new Set(functions.map(({ id }) => id));
  const named = (id: string) => escaped(labels.get(id) ?? id);
  const list = (some: readonly Flow[], end: 'from' | 'to', by = false) =>
    some.map((flow) => (by ? `${named(flow[end])}: ${breakable(flow.by)}` : named(flow[end]))).join('<br>');
  const rows = functions.map(({ id }) => {
    const out = flows.filter(({ from, to }) => from === id && !/Log$/.test(to));
    const into = flows.filter(({ to, kind }) => to === id && kind !== 'encrypts');
    const data = (kind: RegExp) => out.filter((flow) => kind.test(flow.kind) && flow.kind !== 'uses key');
    return [
      named(id),
      list(into, 'from', true) || 'a schedule',
      list(data(/^reads$/), 'to'),
      list(data(/writes/), 'to'),
      list(
        out.filter(({ kind }) => kind === 'uses key'),
        'to',
      ),
      list(
        out.filter(({ kind }) => kind === 'pushes'),
        'to',
      ),
    ];
  });
  const others = flows.filter(
    ({ from, to, kind }) => !isFunction.has(from) && !isFunction.has(to) && kind !== 'encrypts',
  );
  return [
    ...table(
      'What each function is started by and reaches, its log group apart',
      ['Function', 'Started by', 'Only reads', 'Writes, or reads and writes', 'Uses keys', 'Pushes through'],
      rows,
      'ways',
    ),
    ...table(
      'Every other way',
      ['From', 'To', 'How', 'By'],
      others.map(({ from, to, kind, by }) => [named(from), named(to), escaped(kind), escaped(by)]),
    ),
  ];
}
