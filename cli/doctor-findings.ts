import type { Machine } from './machine.ts';
import { portsFrom } from './ports.ts';

export interface Finding {
  readonly check: 'Node.js' | 'Java' | 'ports' | 'CDK CLI' | 'esbuild' | 'disk';
  readonly ok: boolean;
  /** What there is. */
  readonly seen: string;
  /** What to do about it; stands where it is not ok. */
  readonly todo?: string;
}

const BASE_PORT = 9_300;

/** DynamoDB Local, a synthesized app, and room for what is stored. */
const ROOM_BYTES = 500 * 1024 * 1024;

/** A release made by mistake: it does not know the cloud assembly that aws-cdk-lib 2 writes. */
const MISTAKEN_CDK = '3.0.0';

/** Everything that a run and a deployment from this machine need, each with what is there and what to do. */
export async function findings(machine: Machine): Promise<readonly Finding[]> {
  return [
    node(machine),
    await java(machine),
    await ports(machine),
    cdk(machine),
    esbuild(machine),
    disk(machine),
  ];
}

function node({ nodeVersion, wanted, platform }: Machine): Finding {
  const check = 'Node.js';
  if (!isOlder(nodeVersion, wanted.node)) return { check, ok: true, seen: nodeVersion };
  const todo =
    platform === 'win32'
      ? 'winget install OpenJS.NodeJS.LTS'
      : 'nvm install --lts, or take one from https://nodejs.org';
  return { check, ok: false, seen: `${nodeVersion}, older than ${wanted.node}`, todo };
}

async function java(machine: Machine): Promise<Finding> {
  const found = await machine.java();
  if ('path' in found) return { check: 'Java', ok: true, seen: found.path };
  const seen = 'no Java 11 or newer, which DynamoDB Local runs on';
  return { check: 'Java', ok: false, seen, todo: found.install };
}

async function ports(machine: Machine): Promise<Finding> {
  const check = 'ports';
  const own = machine.ownRun();
  if (own !== undefined)
    return { check, ok: true, seen: `the local run of this clone is running as process ${own}` };

  const wanted = portsFrom(BASE_PORT);
  const taken: number[] = [];
  for (const port of wanted) if (!(await machine.isPortFree(port))) taken.push(port);
  const range = `${wanted.at(0)} to ${wanted.at(-1)}`;
  if (taken.length === 0) return { check, ok: true, seen: `${range} are free` };
  return {
    check,
    ok: false,
    seen: `${taken.join(', ')} of ${range} taken`,
    todo: `npm start -- --port ${BASE_PORT + 100}`,
  };
}

function cdk(machine: Machine): Finding {
  const check = 'CDK CLI';
  const { wanted } = machine;
  const seen = machine.cdkVersion();
  if (seen === undefined)
    return {
      check,
      ok: false,
      seen: 'not installed here, so npx would fetch whichever is newest',
      todo: 'npm ci',
    };
  const mend = `npm install --save-dev --save-exact aws-cdk@${wanted.cdk === MISTAKEN_CDK ? 2 : wanted.cdk}`;
  if (seen === MISTAKEN_CDK) {
    return {
      check,
      ok: false,
      seen: `${seen}, a mistaken release that cannot read what aws-cdk-lib writes`,
      todo: mend,
    };
  }
  if (isOlder(seen, wanted.cdk))
    return { check, ok: false, seen: `${seen}, older than ${wanted.cdk}`, todo: 'npm ci' };
  return { check, ok: true, seen };
}

function esbuild(machine: Machine): Finding {
  const fault = machine.esbuildFault();
  if (fault === undefined) return { check: 'esbuild', ok: true, seen: 'bundles' };
  return { check: 'esbuild', ok: false, seen: fault, todo: 'npm ci' };
}

function disk(machine: Machine): Finding {
  const check = 'disk';
  try {
    const free = machine.freeBytes();
    const seen = `${(free / 1024 ** 3).toFixed(1)} GB free`;
    if (free >= ROOM_BYTES) return { check, ok: true, seen };
    return {
      check,
      ok: false,
      seen,
      todo: 'make 0.5 GB of room, or npm start -- --directory <on another disk>',
    };
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    return { check, ok: false, seen, todo: 'npm start -- --directory <one you may write to>' };
  }
}

/** Compares two versions of three numbers. */
function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
