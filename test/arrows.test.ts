import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

interface Source {
  readonly file: string;
  readonly text: string;
  /** Files of ours as paths from the root; packages by their name. */
  readonly imports: readonly string[];
}

/** Where each room's arrows may point. The first prefix that fits a file is its room; what no row names may not be imported. */
const rooms: readonly { readonly room: string; readonly may: readonly RegExp[] }[] = [
  { room: 'protocol/bare/', may: [/^protocol\/bare\//] }, // the SDK packs it: no schema, no dependency
  { room: 'protocol/', may: [/^protocol\//, /^zod$/] },
  { room: 'functions/audit/', may: [/^functions\/(audit|domain)\//, /^zod$/, /^node:crypto$/] },
  { room: 'functions/domain/', may: [/^functions\/domain\//, /^protocol\//, /^node:crypto$/] },
  {
    room: 'functions/store/',
    may: [
      /^functions\/(store|domain|audit)\//,
      /^functions\/vault\/data-keys\.ts$/,
      /^protocol\//,
      /^zod$/,
      /^@aws-sdk\/(client-dynamodb|lib-dynamodb|util-dynamodb)$/,
    ],
  },
  {
    room: 'functions/vault/',
    may: [/^functions\/(vault|domain)\//, /^protocol\//, /^node:crypto$/, /^@aws-sdk\/client-kms$/],
  },
  {
    room: 'functions/bucket/',
    may: [
      /^functions\/(bucket|domain|audit)\//,
      /^protocol\//,
      /^node:zlib$/,
      /^@aws-sdk\/(client-s3|s3-request-presigner)$/,
    ],
  },
  {
    room: 'functions/pictures/',
    may: [
      /^functions\/(pictures|domain)\//,
      /^protocol\//,
      /^@jimp\/(js-jpeg|js-png)$/,
      /^node:zlib$/,
      /^dicom-parser$/,
    ],
  },
  {
    room: 'functions/push/',
    may: [/^functions\/(push|domain)\//, /^protocol\//, /^@aws-sdk\/client-apigatewaymanagementapi$/],
  },
  {
    room: 'functions/exporting/',
    may: [
      /^functions\/(exporting|domain)\//,
      /^functions\/push\/frames\.ts$/,
      /^protocol\//,
      /^node:/,
      /^yazl$/,
    ],
  },
  { room: 'functions/wiring/', may: [/^functions\/[a-z]+\//, /^protocol\//, /^[^./]/] },
  {
    room: 'functions/',
    may: [
      /^functions\/(audit|domain|wiring)\//,
      /^functions\/push\/((emergency|amendment)-)?frames\.ts$/,
      /^protocol\//,
      /^zod$/,
      /^aws-lambda$/,
    ],
  },
  { room: 'sdk/', may: [/^sdk\//, /^protocol\//] },
  {
    room: 'lib/',
    may: [/^lib\//, /^functions\/wiring\/(env-names|claims)\.ts$/, /^(?!functions|local|cli|bin|test)/],
  },
  { room: 'bin/', may: [/^bin\//, /^lib\//, /^(aws-cdk-lib|constructs|cdk-nag|node:.*|zod)/] },
  {
    room: 'local/',
    may: [/^local\//, /^(?!functions|lib|protocol|cli|bin|test|aws-cdk-lib|cdk-nag|constructs)[^.]/],
  },
  // Stands alone: who verifies needs to trust none of our other files.
  { room: 'cli/audit/', may: [/^cli\/audit\//, /^(?!functions|lib|protocol|local|cli|bin|test)[^.]/] },
  { room: 'cli/', may: [/^(?!test|lib|bin|examples)/, /^lib\/eligible-services\.ts$/] },
  { room: 'examples/', may: [/^examples\//, /^(?!functions|lib|protocol|local|cli|bin|test)[^.]/] },
];

const sources = ['protocol', 'functions', 'sdk', 'lib', 'bin', 'local', 'cli', 'examples'].flatMap(sourcesIn);

describe('the arrows of the house', () => {
  test('point where the design lets them', () => {
    expect(sources.length).toBeGreaterThan(80);
    expect(sources.flatMap(strayArrows)).toEqual([]);
  });

  test('would show a stray import: from the domain to the AWS SDK, from the local run to our source, from a door to a store', () => {
    const stray = (file: string, target: string) => strayArrows({ file, text: '', imports: [target] });
    expect(stray('functions/domain/policy.ts', '@aws-sdk/client-dynamodb')).toHaveLength(1);
    expect(stray('local/stack.ts', 'functions/store/keys.ts')).toHaveLength(1);
    expect(stray('functions/send-message.ts', 'functions/store/keys.ts')).toHaveLength(1);
    expect(stray('cli/audit/verify.ts', 'functions/audit/canonical.ts')).toHaveLength(1);
    expect(stray('cli/audit/verify.ts', 'cli/failure.ts')).toHaveLength(1);
    expect(stray('cli/audit/verify.ts', 'cli/audit/merkle.ts')).toHaveLength(0);
    expect(stray('lib/door.ts', 'functions/wiring/rooms.ts')).toHaveLength(1);
    expect(stray('examples/plain-client/client.ts', 'protocol/frames.ts')).toHaveLength(1);
  });

  test('run in no circle, types included: of any two files, one can be read first', () => {
    expect(circling(sources)).toEqual([]);
    const source = (file: string, ...imports: readonly string[]): Source => ({ file, text: '', imports });
    const rooms = [source('a', 'b', 'zod'), source('b', 'c'), source('c', 'b'), source('d', 'a')];
    expect(circling(rooms)).toEqual(['b', 'c']);
  });

  test('only wiring constructs clients of AWS and reads the environment', () => {
    const elsewhere = sources.filter(
      ({ file, text }) =>
        file.startsWith('functions/') &&
        !file.startsWith('functions/wiring/') &&
        /new \w+Client\(|process\.env/.test(text),
    );
    expect(elsewhere.map(({ file }) => file)).toEqual([]);
  });

  test('what a person wrote is revealed where it is sealed, where it goes out to who may read it, where a token is verified, where a user is made, and nowhere else', () => {
    const may = [
      'functions/push/frames.ts',
      'functions/vault/vault.ts',
      'functions/wiring/accounts.ts',
      'functions/wiring/identity.ts',
    ];
    expect(
      sources
        .filter(opensPhi)
        .map(({ file }) => file)
        .sort(),
    ).toEqual(may);
    const elsewhere = (text: string) => opensPhi({ file: 'functions/send-message.ts', text, imports: [PHI] });
    expect(elsewhere("import { phi, reveal } from './domain/phi.ts';")).toBe(true);
    expect(elsewhere("import * as phi from './domain/phi.ts';")).toBe(true);
    expect(elsewhere("import { isSame, type Phi } from './domain/phi.ts';")).toBe(false);
  });

  test('only wiring writes to the log, through one file', () => {
    const logs = sources.filter(
      ({ file, text }) => /^functions\//.test(file) && /console\.|process\.std|powertools/.test(text),
    );
    expect(logs.map(({ file }) => file)).toEqual(['functions/wiring/report.ts']);
  });

  test('the local run holds no name of ours', () => {
    const names = /wardline|message\.send|session\.open|conversation/i;
    const named = sources.filter(({ file, text }) => file.startsWith('local/') && names.test(text));
    expect(named.map(({ file }) => file)).toEqual([]);
  });

  test('a door has at most 30 lines beside its imports', () => {
    const doors = sources.filter(({ file }) => /^functions\/[^/]+\.ts$/.test(file));
    expect(doors.length).toBeGreaterThan(10);
    const long = doors.filter(
      ({ text }) => text.split('\n').filter((line) => !/^import |^} from|^$/.test(line)).length > 30,
    );
    expect(long.map(({ file }) => file)).toEqual([]);
  });
});

const PHI = 'functions/domain/phi.ts';

/** Whether a file can take out what a {@link Phi} stands for: by name, or with everything that its module exports. */
function opensPhi({ file, text, imports }: Source): boolean {
  return (
    file !== PHI &&
    imports.includes(PHI) &&
    /\breveal(All)?\b|\* (as \w+ )?from '[^']*\/phi\.ts'|import\('[^']*\/phi\.ts/.test(text)
  );
}

/** Files that are in a circle of imports, or between two: what is left where nothing imports, or is imported, is taken away. */
function circling(all: readonly Source[]): readonly string[] {
  const left = all.filter(({ file, imports }) => {
    const isImported = all.some((other) => other.imports.includes(file));
    return isImported && imports.some((target) => all.some((other) => other.file === target));
  });
  return left.length === all.length ? left.map(({ file }) => file) : circling(left);
}

function strayArrows({ file, imports }: Source): string[] {
  const may = rooms.find(({ room }) => file.startsWith(room))?.may ?? [];
  return imports
    .filter((target) => !may.some((allowed) => allowed.test(target)))
    .map((target) => `${file} -> ${target}`);
}

function sourcesIn(directory: string): Source[] {
  const files = readdirSync(path.join(root, directory), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => /\.(ts|js|mjs)$/.test(name))
    .map((name) => {
      const file = path.posix.join(directory, name);
      const text = readFileSync(path.join(root, file), 'utf8');
      const found = text.matchAll(
        /(?:^|\n)(?:import|export)[^'"`;]*?from '([^']+)'|import\('([^']+)'\)|\nimport '([^']+)'/g,
      );
      const imports = [...found].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '');
      return { file, text, imports: imports.map((target) => resolved(file, target)) };
    });
}

function resolved(file: string, target: string): string {
  return target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target;
}
