import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { arnComponents, type Context, matches, readPattern } from './pattern.ts';

/** How a condition operator sets a value of the request against one of the policy. */
export interface Comparison {
  /** Undefined where the policy's value holds a variable that this request gives no value. */
  readonly holds: (
    requested: string,
    accepted: string,
    variables: Context | undefined,
  ) => boolean | undefined;
  /** Whether the policy's value is one that this operator can take. */
  readonly takes: (accepted: string) => boolean;
}

const anything = () => true;

/** Every positive operator (IAM user guide, "Condition operators"); negated ones are read from these. */
export const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: text((requested, accepted) => requested === accepted),
  StringEqualsIgnoreCase: text((requested, accepted) => requested.toLowerCase() === accepted.toLowerCase()),
  StringLike: { takes: anything, holds: like },
  ArnEquals: { takes: isArnPattern, holds: arnLike },
  ArnLike: { takes: isArnPattern, holds: arnLike },
  NumericEquals: ordered(toNumber, (requested, accepted) => requested === accepted),
  NumericLessThan: ordered(toNumber, (requested, accepted) => requested < accepted),
  NumericLessThanEquals: ordered(toNumber, (requested, accepted) => requested <= accepted),
  NumericGreaterThan: ordered(toNumber, (requested, accepted) => requested > accepted),
  NumericGreaterThanEquals: ordered(toNumber, (requested, accepted) => requested >= accepted),
  DateEquals: ordered(toTime, (requested, accepted) => requested === accepted),
  DateLessThan: ordered(toTime, (requested, accepted) => requested < accepted),
  DateLessThanEquals: ordered(toTime, (requested, accepted) => requested <= accepted),
  DateGreaterThan: ordered(toTime, (requested, accepted) => requested > accepted),
  DateGreaterThanEquals: ordered(toTime, (requested, accepted) => requested >= accepted),
  Bool: {
    takes: (accepted) => /^(true|false)$/i.test(accepted) || accepted.startsWith('${'),
    holds: text((requested, accepted) => requested.toLowerCase() === accepted.toLowerCase()).holds,
  },
  BinaryEquals: {
    takes: (accepted) => Buffer.from(accepted, 'base64').toString('base64') === accepted,
    holds: (requested, accepted) => Buffer.from(requested, 'base64').equals(Buffer.from(accepted, 'base64')),
  },
  IpAddress: { takes: (accepted) => range(accepted) !== undefined, holds: inRange },
};

/** Operators that hold where the one they name does not. */
export const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
};

function text(equal: (requested: string, accepted: string) => boolean): Comparison {
  return {
    takes: anything,
    holds: (requested, accepted, variables) => {
      const literal = readPattern(accepted, { wildcards: 'none', variables });
      return literal && equal(requested, literal.join(''));
    },
  };
}

function like(requested: string, accepted: string, variables: Context | undefined): boolean | undefined {
  const pattern = readPattern(accepted, { wildcards: 'anything', variables });
  return pattern && matches(pattern, requested);
}

/** Each of an ARN's six components is compared by itself; in the last, wildcards reach over further colons. */
function arnLike(requested: string, accepted: string, variables: Context | undefined): boolean | undefined {
  const pattern = readPattern(accepted, { wildcards: 'anything', variables });
  if (!pattern) return undefined;
  const components = arnComponents(pattern);
  const parts = requested.split(':');
  if (!components || parts.length < 6) return false;
  const values = [...parts.slice(0, 5), parts.slice(5).join(':')];
  return components.every((component, index) => matches(component, values[index] ?? ''));
}

function isArnPattern(accepted: string): boolean {
  return accepted === '*' || accepted.startsWith('${') || /^arn:([^:]*:){4}/.test(accepted);
}

function ordered(
  read: (value: string) => number,
  holds: (requested: number, accepted: number) => boolean,
): Comparison {
  return {
    takes: (accepted) => !Number.isNaN(read(accepted)),
    holds: (requested, accepted) => holds(read(requested), read(accepted)), // NaN compares as false
  };
}

function toNumber(value: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN;
}

/** Milliseconds since the epoch of an ISO 8601 date of the W3C profile, or of epoch seconds. */
function toTime(value: string): number {
  if (/^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/.test(value)) {
    return Date.parse(value);
  }
  return toNumber(value) * 1000;
}

function inRange(requested: string, accepted: string): boolean {
  const list = range(accepted);
  if (!list || (!isIPv4(requested) && !isIPv6(requested))) return false;
  return list.check(requested, isIPv4(requested) ? 'ipv4' : 'ipv6');
}

/** A CIDR block; an address without a prefix length stands for itself. */
function range(cidr: string): BlockList | undefined {
  const [address = '', prefix, ...more] = cidr.split('/');
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  const longest = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? longest : /^\d+$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!family || more.length > 0 || !(length <= longest)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, length, family);
  return list;
}
