import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type App, CfnResource, Validations } from 'aws-cdk-lib';
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { HIPAASecurityChecks } from 'cdk-nag';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { bucketFindings, doorFindings, lockedBucketFindings } from '../../lib/acknowledgements.ts';
import { eligibleServices, isEligible } from '../../lib/eligible-services.ts';
import { readSettings } from '../../lib/settings.ts';
import { wardline } from '../../lib/wardline.ts';
import { synthesized } from '../fixtures/synth.ts';
import { readTemplates, resources } from '../fixtures/template.ts';

vi.setConfig({ testTimeout: 60_000 }); // each makes the whole app, some synthesize it

let assembly: string;

beforeAll(async () => {
  assembly = await synthesized();
}, 120_000);

test('synth ends with no finding of the HIPAA pack or of CloudFormation’s own rules', () => {
  const report = JSON.parse(readFileSync(join(assembly, 'validation-report.json'), 'utf8'));
  expect(report.pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations)).toEqual([]);
  expect(findings(app())).toEqual([]);
});

test('every acknowledgement answers a finding, and every finding that stands is acknowledged', () => {
  const tree = app();
  const found = findings(tree, { evenAcknowledged: true }).map(({ rule, path }) => `${path}: ${rule}`);
  const answered = acknowledgements(tree).flatMap(({ rule, path }) =>
    found.filter((finding) => finding.startsWith(`${path}/`) && finding.endsWith(`: ${rule}`)),
  );
  const stale = acknowledgements(tree).filter(
    ({ rule, path }) =>
      !found.some((finding) => finding.startsWith(`${path}/`) && finding.endsWith(`: ${rule}`)),
  );

  expect(stale).toEqual([]);
  expect(answered.sort()).toEqual(found.sort());
  const rules = new Set(found.map((finding) => finding.split(': ')[1]));
  console.log(
    `HIPAA pack: ${found.length} findings of ${rules.size} rules, all acknowledged: ${[...rules].join(', ')}`,
  );
});

test('an acknowledgement that nothing needs is told apart', () => {
  const tree = app();
  const stack = tree.node.findChild('Wardline-Audit');
  Validations.of(stack).acknowledge({
    id: 'HIPAA.Security-RDSStorageEncrypted',
    reason: 'there is no such database',
  });

  const found = findings(tree, { evenAcknowledged: true });
  const stale = acknowledgements(tree).filter(({ rule }) => !found.some((finding) => finding.rule === rule));
  expect(stale).toEqual([{ path: 'Wardline-Audit', rule: 'HIPAA.Security-RDSStorageEncrypted' }]);
});

test('each acknowledgement says why, what protects instead, and which test shows it', () => {
  for (const { rule, reason, control, test: shownBy } of [
    ...doorFindings,
    ...bucketFindings,
    ...lockedBucketFindings,
  ]) {
    expect(rule).toMatch(/^HIPAA\.Security-\w+$/);
    expect(reason.length).toBeGreaterThan(40);
    expect(control.length).toBeGreaterThan(20);
    expect(existsSync(fileURLToPath(new URL(`../../${shownBy}`, import.meta.url))), shownBy).toBe(true);
  }
});

test('a table without recovery and backup does not get past the HIPAA pack', () => {
  const tree = app();
  const stack = tree.node.findChild('Wardline-Data');
  new CfnTable(stack, 'Planted', {
    keySchema: [{ attributeName: 'pk', keyType: 'HASH' }],
    attributeDefinitions: [{ attributeName: 'pk', attributeType: 'S' }],
    billingMode: 'PAY_PER_REQUEST',
  });

  expect(findings(tree).map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['HIPAA.Security-DynamoDBPITREnabled', 'HIPAA.Security-DynamoDBInBackupPlan']),
  );
  expect(() => tree.synth()).toThrow('HIPAA.Security-DynamoDBPITREnabled');
});

test('a template that CloudFormation would refuse does not get past its own rules', () => {
  const tree = app();
  new CfnResource(tree.node.findChild('Wardline-Audit'), 'Planted', {
    type: 'AWS::KMS::Key',
    properties: { EnableKeyRotatoin: true },
  });
  expect(() => tree.synth()).toThrow(
    "Additional properties are not allowed ('EnableKeyRotatoin' was unexpected",
  );
});

test('only services that AWS lists as eligible for PHI are used', () => {
  const types = [...new Set(resources(readTemplates(assembly)).map(({ Type }) => Type))];
  expect(types.filter((type) => !isEligible(type))).toEqual([]);
  expect(
    ['AWS::Pinpoint::App', 'Custom::S3AutoDeleteObjects', 'AWS::CDK::Metadata'].filter(isEligible),
  ).toEqual([]);

  const used = new Set(types.map((type) => type.split('::')[1]));
  const listed = Object.keys({ ...eligibleServices.services, ...eligibleServices.withoutPhi });
  expect(listed.filter((service) => !used.has(service))).toEqual([]);
  expect(eligibleServices.asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
});

/** The app as `bin/` makes it, without the bundles. */
function app(): App {
  const outdir = mkdtempSync(join(tmpdir(), 'app-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  return wardline(readSettings('test', {}), { outdir, context: { 'aws:cdk:bundling-stacks': [] } });
}

interface Finding {
  readonly rule: string;
  readonly path: string;
}

function findings(tree: App, { evenAcknowledged = false } = {}): Finding[] {
  const pack = new HIPAASecurityChecks();
  if (evenAcknowledged) Reflect.defineProperty(pack, 'isAcknowledged', { value: () => false });
  return pack
    .validateScope(tree)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: String(constructPath) })),
    );
}

function acknowledgements(tree: App): Finding[] {
  return tree.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.keys(data))
      .map((rule) => ({ rule: rule.replace(/^annotation::/i, ''), path: construct.node.path })),
  );
}
