import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava, JavaMissing } from '../local/dynamodb/java.ts';
import { isFree } from './ports.ts';

/** What `wardline doctor` looks at. Each throws, or gives nothing, where the thing is not there. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly nodeVersion: string;
  /** The oldest Node.js of package.json, and the exact CDK CLI that was tested. */
  readonly wanted: { readonly node: string; readonly cdk: string };
  /** The path of a Java that DynamoDB Local runs on, or the command that installs one. */
  java(): Promise<{ readonly path: string } | { readonly install: string }>;
  isPortFree(port: number): Promise<boolean>;
  /** The process that runs from this clone and so holds the ports itself. */
  ownRun(): number | undefined;
  /** The CDK CLI that `npx cdk` takes in this clone. */
  cdkVersion(): string | undefined;
  /** Why esbuild cannot bundle here; undefined where it can. */
  esbuildFault(): string | undefined;
  /** Free bytes where the local run keeps its data; throws where nothing can be written. */
  freeBytes(): number;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** This machine, with `directory` for the local run's data. */
export function thisMachine(directory: string): Machine {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    wanted: { node: manifest.engines.node.replace('>=', ''), cdk: manifest.devDependencies['aws-cdk'] ?? '' },
    java: async () => {
      try {
        return { path: await findJava() };
      } catch (error) {
        if (error instanceof JavaMissing) return { install: error.command };
        throw error;
      }
    },
    isPortFree: isFree,
    ownRun: () => lockHolder(directory),
    cdkVersion: () => versionOf('aws-cdk'),
    esbuildFault,
    freeBytes: () => freeBytes(directory),
  };
}

function lockHolder(directory: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')) as { readonly pid: number };
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

function versionOf(name: string): string | undefined {
  try {
    const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

/** esbuild's program is another package for each platform: a node_modules copied from elsewhere has the wrong one. */
function esbuildFault(): string | undefined {
  const script = `require('esbuild').transformSync('let a: number = 1', { loader: 'ts' })`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' });
  if (status === 0) return undefined;
  return /Error: (.+)/.exec(stderr)?.[1]?.split('\n')[0] ?? 'it cannot be run';
}

function freeBytes(directory: string): number {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const probe = join(directory, `.probe-${randomUUID()}`);
  writeFileSync(probe, '');
  rmSync(probe);
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
