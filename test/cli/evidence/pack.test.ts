import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { assemblyOf, readStacks, type Stack } from '../../../cli/evidence/assembly.ts';
import type { Difference } from '../../../cli/evidence/difference.ts';
import type { Evidence } from '../../../cli/evidence/evidence.ts';
import { figuresLeftOut } from '../../../cli/evidence/figures.ts';
import type { JudgedSafeguard } from '../../../cli/evidence/judge.ts';
import { filesOf, type Gathered, type Seal, writePack } from '../../../cli/evidence/pack.ts';
import { readSnapshot, verifyPack } from '../../../cli/evidence/read-pack.ts';
import { safeguards } from '../../../cli/evidence/safeguards/matrix.ts';
import { main } from '../../../cli/main.ts';
import { browserContext } from '../../fixtures/browser.ts';
import { synthesized } from '../../fixtures/synth.ts';
import { plants } from './plants.ts';

let stacks: readonly Stack[];
beforeAll(async () => {
  stacks = readStacks(await synthesized());
}, 120_000);

test('a pack of the real template is whole, signed, and the same bytes for the same input', async () => {
  const [one, other] = [
    await packed({}, '2033-01-01T00:00:00.000Z'),
    await packed({}, '2033-02-02T00:00:00.000Z'),
  ];
  expect(verifyPack(one)).toMatchObject({ at: '2033-01-01T00:00:00.000Z', files: 7, faults: [] });
  for (const name of readdirSync(one).filter((file) => !/^manifest|\.pem$/.test(file)))
    expect(readFileSync(join(one, name), 'utf8'), name).toBe(readFileSync(join(other, name), 'utf8'));
  const page = readFileSync(join(one, 'evidence.html'), 'utf8');
  expect(page).not.toMatch(/<script|https?:(?!\/\/www\.w3\.org\/2000\/svg)|undefined|\[object/);
});

describe('verification finds', () => {
  test.each([
    [
      'a changed file',
      (pack: string) => appendFileSync(join(pack, 'inventory.csv'), ' '),
      'inventory.csv was changed since it was signed',
    ],
    ['a missing file', (pack: string) => rmSync(join(pack, 'network-map.svg')), 'network-map.svg is missing'],
    [
      'a file put in',
      (pack: string) => writeFileSync(join(pack, 'more.json'), '{}'),
      'more.json was put in since',
    ],
    [
      'another time',
      (pack: string) => change(pack, { at: '2032-01-01T00:00:00.000Z' }),
      'manifest.json is not what this key signed',
    ],
    [
      'a signature of something else',
      (pack: string) => change(pack, { signature: seal().signature }),
      'manifest.json is not what this key signed',
    ],
    [
      'a manifest without a signature',
      (pack: string) => change(pack, { signature: undefined }),
      'nobody signed this pack',
    ],
  ])('%s', async (_what, tamper, fault) => {
    const pack = await packed({});
    tamper(pack);
    expect(verifyPack(pack).faults).toEqual([fault]);
    expect(await main(['audit', 'evidence', 'verify', pack])).toBe(1);
    process.exitCode = undefined;
  });

  test('a pack that somebody else made and signed, by a key that was had before', async () => {
    const [mine, theirs] = [seal(), seal()];
    const pack = await packed({}, undefined, theirs);
    expect(verifyPack(pack).faults).toEqual([]);
    expect(verifyPack(pack, mine.publicKey).faults).toEqual(['manifest.json is not what this key signed']);
    expect(verifyPack(pack, theirs.publicKey).faults).toEqual([]);
  });
});

describe('a safeguard', () => {
  test('fails where the template breaks a rule, and says where', () => {
    expect(safeguard(found({ tests }), '164.312(d)')).toMatchObject({
      stateToday: 'holds',
      stateProposed: 'holds',
    });
    expect(safeguard(found({}), '164.312(d)')).toMatchObject({ stateToday: 'in part' });
    const spoiled = found({ tests, assembly: assemblyOf(planted('mfa-on')) });
    expect(safeguard(spoiled, '164.312(d)')).toMatchObject({ stateToday: 'fails', stateProposed: 'fails' });
    expect(JSON.stringify(safeguard(spoiled, '164.312(d)'))).toContain(
      'SignIn/People MfaConfiguration: OPTIONAL',
    );
    const open = found({ tests, assembly: assemblyOf(planted('sockets-authorized')) });
    const states = safeguard(open, '164.312(a)(1)').controls.map(({ state }) => state);
    expect([new Set(states), safeguard(open, '164.312(a)(1)').stateToday]).toEqual([
      new Set(['holds', 'fails']),
      'fails',
    ]);
    const bare = found({ assembly: assemblyOf(planted('tables-recoverable')) });
    expect(safeguard(bare, '164.308(a)(7)(ii)(A)').stateToday).toBe('fails');
  });

  test('that only tests show is not shown until they ran, and fails where one failed', () => {
    const name =
      'test/functions/domain/approvals.test.ts > one person alone never brings an act about, however often they ask';
    const state = (tests: Gathered['tests']) => {
      const { controls } = safeguard(found({ tests }), '164.530(c)');
      return controls.find(({ evidence }) => evidence.some(({ id }) => id === name))?.state;
    };
    expect(state(undefined)).toBe('not shown');
    for (const [ended, stands] of [
      ['passed', 'holds'],
      ['failed', 'fails'],
      ['skipped', 'not shown'],
    ] as const)
      expect(state(new Map([[name, ended]]))).toBe(stands);
  });

  test('fails where the running deployment answers otherwise than the template promises', () => {
    const finding = {
      resource: 'Wardline-Data/SignIn/People',
      property: 'UserPool.MfaConfiguration',
      expected: 'ON',
    };
    const answer = (seen: string) => ({
      ...{ question: 'user-pool', call: 'cognito-idp:DescribeUserPool', resource: finding.resource },
      findings: [{ ...finding, seen, holds: seen === 'ON' }],
    });
    expect(safeguard(found({ tests, answers: [answer('ON')] }), '164.312(d)').stateToday).toBe('holds');
    expect(safeguard(found({ tests, answers: [answer('OFF')] }), '164.312(d)').stateToday).toBe('fails');
  });

  test('is bound by the regulation of the deployment’s settings', () => {
    expect(found({}).binding).toBe('current');
    const proposed = structuredClone(stacks);
    for (const { template } of proposed)
      if (template.Outputs.Regulation) template.Outputs.Regulation.Value = 'proposal-2025';
    expect(found({ assembly: assemblyOf(proposed) }).binding).toBe('proposal-2025');
  });
});

describe('the difference to the pack before', () => {
  test('is none where nothing changed, and names a new way, a new asset and a rule that broke', async () => {
    const before = await packed({});
    const { snapshot: previous } = readSnapshot(before);
    const same = differenceIn(filesOf(gathered({ previous })));
    for (const part of [same.assets, same.flows, same.safeguards, same.rules])
      expect(part).toEqual({ came: [], went: [], changed: [] });

    const grown = planted('tables-recoverable');
    const messaging = grown.find(({ stack }) => stack.endsWith('-Messaging'));
    const policies = Object.values(messaging?.template.Resources ?? {}).filter(({ Metadata }) =>
      String(Metadata?.['aws:cdk:path']).endsWith('/Connect/Policy/Resource'),
    );
    const statements = policies.flatMap(({ Properties }) => {
      const { Statement } = Properties.PolicyDocument as { Statement: object[] };
      return [Statement];
    });
    const arn = { 'Fn::ImportValue': exportOf('AttachmentsBucket', 'Arn') };
    for (const each of statements) each.push({ Effect: 'Allow', Action: 's3:GetObject', Resource: arn });
    const grew = differenceIn(filesOf(gathered({ previous, assembly: assemblyOf(grown) })));
    expect(grew.flows.came).toEqual([
      'Wardline-Messaging/Connect/Function → Wardline-Data/Attachments/Bucket (reads)',
    ]);
    expect(grew.rules.changed).toContainEqual({
      what: 'tables-recoverable',
      field: 'holds',
      before: 'true',
      after: 'false',
    });
    expect(grew.safeguards.changed.map(({ what }) => what)).toContain(
      '164.308(a)(7)(ii)(A) Data backup plan',
    );
  });

  test('is not made with a pack that was changed since', async () => {
    const before = await packed({});
    appendFileSync(join(before, 'inventory.json'), ' ');
    expect(() => readSnapshot(before)).toThrow('inventory.json was changed since it was signed');
  });
});

test('the map and the inventory are the template’s: every store, key, function and entrance stands in both', () => {
  const files = filesOf(gathered({}));
  const map = JSON.parse(files.get('network-map.json') ?? '') as {
    nodes: { id: string }[];
    flows: { from: string; to: string; kind: string }[];
  };
  const inventory = JSON.parse(files.get('inventory.json') ?? '') as { asset: string; type: string }[];
  const resources = stacks.flatMap(({ template }) => Object.values(template.Resources));
  expect(inventory).toHaveLength(resources.length);
  const drawn = new Set(map.nodes.map(({ id }) => id));
  const parts = inventory.filter(({ type }) =>
    /(DynamoDB::Table|::(Bucket|Function|Queue|Key|UserPool|Api|LogGroup|BackupVault))$/.test(type),
  );
  expect(parts.filter(({ asset }) => !drawn.has(asset))).toEqual([]);
  expect(parts.length).toBeGreaterThan(80);
  expect(map.flows).toContainEqual(
    expect.objectContaining({
      from: 'Wardline-Messaging/SendMessage/Function',
      to: 'Wardline-Data/Conversations/Store/Table',
      kind: 'reads and writes',
    }),
  );
  expect(map.flows).toContainEqual(
    expect.objectContaining({
      from: 'Wardline-Messaging/SocketApi/Api',
      to: 'Wardline-Messaging/SendMessage/Function',
      kind: 'enters',
      by: 'message.send',
    }),
  );
});

test('the map of a template of five hundred resources more is one page, and names every function of it', () => {
  const grown = structuredClone(stacks);
  for (const { stack, template } of grown)
    for (const [id, resource] of Object.entries(template.Resources))
      for (const copy of ['Second', 'Third', 'Fourth']) {
        if (!/Function|Table|Queue|Route|Integration|ManagedPolicy|Role|LogGroup/.test(resource.Type))
          continue;
        const path = `${stack}/${copy}${String(resource.Metadata?.['aws:cdk:path']).slice(stack.length + 1)}`;
        template.Resources[`${copy}${id}`] = { ...resource, Metadata: { 'aws:cdk:path': path } };
      }
  const files = filesOf(gathered({ assembly: assemblyOf(grown) }));
  const svg = files.get('network-map.svg') ?? '';
  const [, height = ''] = /viewBox="0 0 \d+ (\d+)"/.exec(svg) ?? [];
  expect(JSON.parse(files.get('inventory.json') ?? '').length).toBeGreaterThan(800);
  expect(Number(height)).toBeLessThan(1_400);
  expect(svg.match(/<g>/g)?.length).toBeLessThan(60);
  expect(files.get('network-map.json')).toContain('FourthSendMessage');
});

test('a page has no scripts, asks for nothing, complains of nothing and is no wider than its window', async () => {
  const pack = await packed({});
  const context = await browserContext();
  const complaints: string[] = [];
  for (const width of [1_280, 390]) {
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => request.url().startsWith('file:') || complaints.push(request.url()));
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`file://${join(pack, 'evidence.html')}`);
    const seen = await page.evaluate<Readonly<Record<string, number>>>(SEEN);
    expect({ width, ...seen }).toEqual({ width, wide: 0, headings: 1, scripts: 0, unnamed: 0, deadLinks: 0 });
  }
  expect(complaints).toEqual([]);
});

const SEEN = `({
  wide: Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
  headings: document.querySelectorAll('h1').length,
  scripts: document.scripts.length,
  unnamed: document.querySelectorAll('table:not(:has(caption)), svg:not([aria-labelledby]), th:not([scope])').length,
  deadLinks: [...document.querySelectorAll('a[href^="#"]')].filter((a) => !document.getElementById(a.hash.slice(1))).length,
})`;

/** As if every test that a safeguard names had passed. */
const tests = new Map(
  safeguards
    .flatMap(({ controls }) => controls)
    .flatMap((control) => ('tests' in control ? (control.tests ?? []) : []))
    .map((name) => [name, 'passed'] as const),
);

function gathered(some: Partial<Gathered>): Gathered {
  const nothing = { answers: [], tests: undefined, figures: figuresLeftOut('a test'), previous: undefined };
  return { assembly: assemblyOf(stacks), ...nothing, ...some };
}

function found(some: Partial<Gathered>): Evidence {
  return JSON.parse(filesOf(gathered(some)).get('evidence.json') ?? '');
}

function safeguard(evidence: Evidence, cfr: string): JudgedSafeguard {
  const one = evidence.safeguards.find((each) => each.cfr === cfr);
  if (!one) throw new Error(`there is no safeguard ${cfr}`);
  return one;
}

function differenceIn(files: ReadonlyMap<string, string>): Difference {
  return JSON.parse(files.get('difference.json') ?? '');
}

/** The templates with the violation of one rule in them. */
function planted(rule: string): readonly Stack[] {
  const changed = structuredClone(stacks);
  for (const { template } of changed)
    for (const one of Object.values(template.Resources)) {
      if (one.Type === plants[rule]?.type) plants[rule]?.spoil?.(one.Properties, one);
    }
  return changed;
}

function exportOf(resource: string, attribute: string): string {
  const names = stacks.flatMap(({ template }) =>
    Object.values(template.Outputs).map((output) => String(output.Export?.Name)),
  );
  const name = names.find((each) => each.includes(`FnGetAtt${resource}`) && each.includes(attribute));
  if (!name) throw new Error(`nothing exports ${resource}`);
  return name;
}

async function packed(
  some: Partial<Gathered>,
  at = '2033-01-01T00:00:00.000Z',
  by = seal(),
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'pack-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await writePack(directory, filesOf(gathered(some)), at, undefined, by);
  return directory;
}

/** A key as KMS has it, and a signature of it that belongs to nothing. */
function seal(): Seal & { readonly signature: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    signer: {
      keyId: 'arn:aws:kms:us-east-1:000000000000:key/test',
      algorithm: 'ECDSA_SHA_256',
      sign: async (bytes) => sign('sha256', bytes, privateKey),
    },
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    signature: sign('sha256', createHash('sha256').digest(), privateKey).toString('base64'),
  };
}

function change(pack: string, to: object): void {
  const file = join(pack, 'manifest.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...to }));
}
