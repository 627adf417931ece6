import { compareTexts } from './inventory.ts';
import type { Flow, NetworkMap, Node } from './network-map.ts';

/** What is drawn as one box: a node, or several that are alike. */
export interface Group {
  readonly id: string;
  readonly column: 'outside' | 'entrance' | 'work' | 'store' | 'key';
  readonly title: string;
  /** Of the members. */
  readonly labels: readonly string[];
  readonly ephi?: string;
}

/** All flows between two groups. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly writes: boolean;
  readonly kind: Flow['kind'];
}

/** Most boxes that a column of stores shows one by one; what is more stands together by stack and by what it holds. */
const MOST_STORES = 20;

const order = ['clear', 'sealed', 'about', 'none', 'not written down', ''] as const;

/** So few boxes that one page holds them, whatever the size of the template: functions by what starts them and what they reach. */
export function groupsOf(map: NetworkMap): {
  readonly groups: readonly Group[];
  readonly lines: readonly Line[];
} {
  const groupOfNode = new Map<string, Group>();
  const groups = new Map<string, Group>();
  const put = (node: Node, group: Omit<Group, 'labels'>) => {
    const labels = [...(groups.get(group.id)?.labels ?? []), node.label];
    const grown = { ...group, labels };
    groups.set(group.id, grown);
    groupOfNode.set(node.id, grown);
  };
  const stores = map.nodes.filter(({ kind }) => kind === 'store');
  const single = stores.filter(({ id }) => !id.endsWith('Log')).length <= MOST_STORES;
  for (const node of map.nodes) put(node, groupFor(node, map, single));
  const sorted = [...groups.values()].sort(
    (one, other) => rank(one) - rank(other) || compareTexts(one.id, other.id),
  );
  return { groups: sorted, lines: linesOf(map, groupOfNode) };
}

function rank({ ephi = '' }: Group): number {
  return order.indexOf(ephi as (typeof order)[number]);
}

function groupFor(node: Node, map: NetworkMap, single: boolean): Omit<Group, 'labels'> {
  const { id, kind, label, ephi, stack = '' } = node;
  if (kind === 'outside') return { id, column: 'outside', title: label };
  if (kind === 'entrance') return { id, column: 'entrance', title: label, ...(ephi && { ephi }) };
  if (kind === 'key') return { id, column: 'key', title: label };
  if (kind === 'service' && /Backups?/.test(id))
    return { id: 'AWS Backup', column: 'work', title: 'AWS Backup' };
  if (kind === 'service') return { id, column: 'work', title: serviceOf(id, label) };
  if (kind === 'function') {
    const starts = startOf(node, map);
    const reaches = reachOf(node, map);
    return {
      id: `${starts}/${reaches}`,
      column: 'work',
      title: `${starts}: ${reachWords[reaches]}`,
      ephi: reaches,
    };
  }
  if (/Log$/.test(id)) return { id: 'log groups', column: 'store', title: 'Log groups', ephi: 'about' };
  if (single) return { id, column: 'store', title: label, ...(ephi && { ephi }) };
  return { id: `${stack}/${ephi}`, column: 'store', title: `Stores of ${stack}`, ...(ephi && { ephi }) };
}

function serviceOf(id: string, label: string): string {
  if (/Scanner/.test(id)) return 'GuardDuty: malware scan';
  return /Role$/.test(id) ? `People of the account: ${label}` : label;
}

const reachWords: Readonly<Record<string, string>> = {
  clear: 'reach files',
  sealed: 'reach sealed messages',
  about: 'reach who and when',
  none: 'reach keys or nothing',
};

function startOf({ id }: Node, map: NetworkMap): string {
  const into = map.flows.filter(
    ({ to, kind }) => to === id && (kind === 'enters' || kind === 'starts' || kind === 'asks'),
  );
  const from = into.map((flow) => map.nodes.find((node) => node.id === flow.from)?.id ?? '');
  if (into.some(({ by }) => by === 'trigger at sign-in')) return 'Sign-in';
  if (from.some((one) => /Socket/i.test(one))) return 'Frames';
  if (into.some(({ kind }) => kind === 'enters')) return 'Requests';
  return into.length > 0 ? 'Events' : 'Clock';
}

/** The most telling of what a function reaches, log lines apart. */
function reachOf({ id }: Node, map: NetworkMap): string {
  const reached = map.flows
    .filter(({ from, kind, by }) => from === id && /^(reads|writes)/.test(kind) && by !== 'failures')
    .map(({ to }) => map.nodes.find((node) => node.id === to))
    .filter((node) => node && !/Log$/.test(node.id))
    .map((node) => node?.ephi ?? 'none');
  return order.find((ephi) => reached.includes(ephi)) ?? 'none';
}

function linesOf(map: NetworkMap, groupOfNode: ReadonlyMap<string, Group>): readonly Line[] {
  const lines = new Map<string, Line>();
  for (const { from, to, kind } of map.flows) {
    if (kind === 'uses key') continue; // told in the table: lines from every function would hide all others, as those to log groups would
    const one = groupOfNode.get(from);
    const other = groupOfNode.get(to);
    if (!one || !other || one.id === other.id || other.id === 'log groups') continue;
    const way = `${one.id}\n${other.id}`;
    const before = lines.get(way);
    const writes = (before?.writes ?? false) || /writes|pushes|enters|starts/.test(kind);
    lines.set(way, {
      from: one.id,
      to: other.id,
      count: (before?.count ?? 0) + 1,
      writes,
      kind: before?.kind ?? kind,
    });
  }
  return [...lines.values()];
}
