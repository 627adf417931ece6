/** What the intrinsic functions of one stack look things up in; `at` says where, for errors. */
export interface Scope {
  ref(name: string, at: string): unknown;
  attribute(logicalId: string, attribute: string, at: string): string;
  condition(name: string, at: string): boolean;
  mapped(map: string, top: string, second: string): unknown;
  imported(exportName: string, at: string): unknown;
  /** Names of a Region's availability zones. */
  zones(region: string): readonly string[];
}

/** What `Ref: AWS::NoValue` gives: the member or element that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** Replaces every intrinsic function in `node` by what it gives (CloudFormation template reference, "Intrinsic functions"). */
export function evaluate(node: unknown, scope: Scope, at: string): unknown {
  if (typeof node === 'string' && node.includes('{{resolve:')) {
    throw new Error(`${at}: the dynamic reference ${node} is resolved only on AWS`);
  }
  if (Array.isArray(node)) {
    return node
      .map((entry, place) => evaluate(entry, scope, `${at}[${place}]`))
      .filter((entry) => entry !== NO_VALUE);
  }
  if (!isObject(node)) return node;

  const intrinsic = Object.keys(node).find((name) => name === 'Ref' || name.startsWith('Fn::'));
  if (intrinsic !== undefined && Object.keys(node).length === 1) {
    const apply = FUNCTIONS[intrinsic];
    if (apply === undefined) throw new Error(`${at}: the intrinsic function ${intrinsic} is not served`);
    return apply(node[intrinsic], scope, at);
  }
  if (intrinsic?.startsWith('Fn::')) throw new Error(`${at}: ${intrinsic} stands beside other members`);
  const members = Object.entries(node).map(([name, value]) => [
    name,
    evaluate(value, scope, `${at}.${name}`),
  ]);
  return Object.fromEntries(members.filter(([, value]) => value !== NO_VALUE));
}

/** Decides a condition: Fn::Equals, And, Or, Not and references to other conditions. */
export function decide(node: unknown, scope: Scope, at: string): boolean {
  const [name = '', argument] = isObject(node) ? (Object.entries(node)[0] ?? []) : [];
  const inner = () => list(argument, at).map((condition) => decide(condition, scope, `${at}.${name}`));
  switch (name) {
    case 'Condition':
      return scope.condition(text(argument, at), at);
    case 'Fn::Equals': {
      const [left, right] = list(argument, at).map((side) => comparable(evaluate(side, scope, at)));
      return left === right;
    }
    case 'Fn::And':
      return inner().every(Boolean);
    case 'Fn::Or':
      return inner().some(Boolean);
    case 'Fn::Not':
      return !inner()[0];
    default:
      throw new Error(`${at}: ${JSON.stringify(node)} is no condition`);
  }
}

/** CloudFormation compares text: a parameter's `true` equals a template's `true`. */
function comparable(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? JSON.stringify(String(value))
    : JSON.stringify(value);
}

type Apply = (argument: unknown, scope: Scope, at: string) => unknown;

const FUNCTIONS: Readonly<Record<string, Apply>> = {
  Ref: (name, scope, at) => scope.ref(text(name, at), at),

  'Fn::GetAtt': (argument, scope, at) => {
    const [logicalId, attribute] = Array.isArray(argument) ? argument : splitOnce(text(argument, at));
    return scope.attribute(text(logicalId, at), text(evaluate(attribute, scope, at), at), at);
  },

  'Fn::Join': (argument, scope, at) => {
    const [delimiter, parts] = list(argument, at);
    const joined = list(evaluate(parts, scope, `${at}.Fn::Join`), at);
    return joined.map((part) => text(part, at)).join(text(delimiter, at));
  },

  'Fn::Sub': (argument, scope, at) => {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const given = isObject(variables) ? variables : {};
    return text(template, at).replace(/\$\{(!?)([^${}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(given, name)) return text(evaluate(given[name], scope, `${at}.${name}`), at);
      if (!name.includes('.')) return text(scope.ref(name, at), at);
      const [logicalId, attribute] = splitOnce(name);
      return scope.attribute(logicalId, attribute, at);
    });
  },

  'Fn::Select': (argument, scope, at) => {
    const [index, from] = list(argument, at);
    const place = Number(evaluate(index, scope, at));
    const choices = list(evaluate(from, scope, `${at}.Fn::Select`), at);
    if (!Number.isInteger(place) || place < 0 || place >= choices.length) {
      throw new Error(`${at}: Fn::Select asks for element ${String(index)} of ${choices.length}`);
    }
    return choices[place];
  },

  'Fn::Split': (argument, scope, at) => {
    const [delimiter, source] = list(argument, at);
    return text(evaluate(source, scope, `${at}.Fn::Split`), at).split(text(delimiter, at));
  },

  'Fn::If': (argument, scope, at) => {
    const [condition, whenTrue, whenFalse] = list(argument, at);
    const holds = scope.condition(text(condition, at), at);
    return evaluate(holds ? whenTrue : whenFalse, scope, at);
  },

  'Fn::FindInMap': (argument, scope, at) => {
    const [map, top, second, otherwise] = list(argument, at);
    const keys = [map, top, second].map((key) => text(evaluate(key, scope, at), at));
    const [mapName = '', topKey = '', secondKey = ''] = keys;
    const found = scope.mapped(mapName, topKey, secondKey);
    if (found !== undefined) return found;
    if (isObject(otherwise) && 'DefaultValue' in otherwise)
      return evaluate(otherwise.DefaultValue, scope, at);
    throw new Error(`${at}: no ${keys.join('.')} in the template's Mappings`);
  },

  'Fn::ImportValue': (argument, scope, at) => scope.imported(text(evaluate(argument, scope, at), at), at),

  'Fn::GetAZs': (argument, scope, at) => {
    const region = text(evaluate(argument, scope, at), at);
    return scope.zones(region === '' ? text(scope.ref('AWS::Region', at), at) : region);
  },

  'Fn::Base64': (argument, scope, at) =>
    Buffer.from(text(evaluate(argument, scope, at), at), 'utf8').toString('base64'),
};

function splitOnce(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

function list(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${at}: expected a list, found ${describe(value)}`);
}

/** CloudFormation writes numbers and booleans as text wherever text is due. */
function text(value: unknown, at: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new Error(`${at}: expected text, found ${describe(value)}`);
}

function describe(value: unknown): string {
  return value === NO_VALUE ? 'AWS::NoValue' : (JSON.stringify(value) ?? 'nothing');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
