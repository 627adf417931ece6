import { DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { expect, test } from 'vitest';
import { verifyCloudTrail } from '../../../cli/audit/cloudtrail-digests.ts';
import { AwsCli, knowsEndpointVariable } from '../differential/aws-cli.ts';
import { startApp, temporaryFolder } from '../events/running-app.ts';
import { handsOn, trailedApp } from './trailed-app.ts';

const MINUTE = 60_000;

test('what the selectors take is delivered every five minutes under AWS’s names, and told in a digest each hour', async () => {
  const { stack } = await startApp(trailedApp());
  const trail = handsOn(stack);
  await trail.write('one');
  expect(await trail.keys()).toEqual([]);
  stack.clock.advance(5 * MINUTE);
  await expect.poll(trail.keys).toHaveLength(1);
  const [log] = await trail.keys();
  expect(log).toMatch(
    /^AWSLogs\/111122223333\/CloudTrail\/us-east-1\/\d{4}\/\d\d\/\d\d\/111122223333_CloudTrail_us-east-1_\d{8}T\d{4}Z_\w{16}\.json\.gz$/,
  );
  const events = await trail.delivered();
  expect(events.map(({ eventName, requestParameters }) => [eventName, requestParameters])).toEqual([
    ['PutObject', expect.objectContaining({ bucketName: trail.watched, key: 'one' })],
  ]);

  stack.clock.advance(60 * MINUTE);
  await expect
    .poll(async () => (await trail.keys()).filter((key) => key.includes('-Digest/')))
    .toHaveLength(1);
  const [digest] = (await trail.keys()).filter((key) => key.includes('-Digest/'));
  expect(digest).toMatch(
    /^AWSLogs\/111122223333\/CloudTrail-Digest\/us-east-1\/\d{4}\/\d\d\/\d\d\/111122223333_CloudTrail-Digest_us-east-1_Small-Trail-\w{12}_us-east-1_\d{8}T\d{6}Z\.json\.gz$/,
  );
  expect(verifyCloudTrail(await trail.download())).toMatchObject({ findings: [], digests: 1, logs: 1 });
});

test('a run goes on where the last one ended, and its digests are one chain', async () => {
  const dataDirectory = temporaryFolder();
  const assembly = trailedApp();
  const first = await startApp(assembly, { dataDirectory });
  const before = handsOn(first.stack);
  first.stack.clock.advance(MINUTE);
  await before.write('before');
  await first.stack.trails.deliver();
  await before.write('undelivered');
  await first.stack.close();

  const { stack } = await startApp(assembly, { dataDirectory });
  stack.clock.advance(10 * MINUTE);
  await stack.trails.deliver();
  const after = handsOn(stack);
  const keys = (await after.delivered()).map(
    ({ requestParameters }) => (requestParameters as { key?: string }).key,
  );
  expect(keys).toEqual(['before', 'undelivered']);
  expect(verifyCloudTrail(await after.download())).toMatchObject({
    findings: [],
    digests: 2,
    logs: 2,
    gaps: [],
  });
});

test('a trail whose key is disabled delivers later what it could not, and says why', async () => {
  const { stack } = await startApp(trailedApp());
  const trail = handsOn(stack);
  const kms = new KMSClient({
    ...{ endpoint: stack.awsEndpointUrl, region: 'us-east-1', credentials: stack.administrator },
  });
  await trail.write('one');
  await kms.send(
    new DisableKeyCommand({ KeyId: stack.resources.find(({ type }) => type === 'AWS::KMS::Key')?.ref ?? '' }),
  );
  await stack.trails.deliver();
  expect(await trail.keys()).toEqual([]);
  expect(stack.trails.running()[0]?.state.deliveryError).toMatch(/^KMS\./);
});

test.each([
  ['bucket policy', /InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket/],
  ['key policy', /InsufficientEncryptionPolicyException/],
] as const)('without a %s that lets CloudTrail in, the run does not start', async (without, message) => {
  await expect(startApp(trailedApp({ without }))).rejects.toThrow(message);
});

test.skipIf(!knowsEndpointVariable)(
  'the AWS CLI finds every digest and log file valid, and logging stops and starts again by it',
  async () => {
    const { stack } = await startApp(trailedApp());
    const trail = handsOn(stack);
    const cli = new AwsCli(stack.awsEndpointUrl);
    const aws = (...args: string[]) => cli.run(stack.administrator, args);
    const name = stack.resources.find(({ type }) => type === 'AWS::CloudTrail::Trail')?.ref ?? '';
    await trail.write('one');
    stack.clock.advance(MINUTE);
    expect((await aws('cloudtrail', 'stop-logging', '--name', name)).exitCode).toBe(0);
    await trail.write('unseen');
    expect((await aws('cloudtrail', 'get-trail-status', '--name', name)).answer).toMatchObject({
      IsLogging: false,
    });
    expect((await aws('cloudtrail', 'start-logging', '--name', name)).exitCode).toBe(0);
    await trail.write('two');
    stack.clock.advance(MINUTE);
    await stack.trails.deliver();
    const seen = (await trail.delivered()).map(({ eventName }) => eventName);
    expect(seen).toEqual(['PutObject', 'StopLogging', 'StartLogging', 'PutObject']);

    const hour = (hours: number) => new Date(stack.clock.now() + hours * 60 * MINUTE).toISOString();
    const trailArn =
      stack.resources.find(({ type }) => type === 'AWS::CloudTrail::Trail')?.attributes.Arn ?? '';
    const validate = ['cloudtrail', 'validate-logs', '--trail-arn', trailArn];
    const printed = await cli.print(stack.administrator, [
      ...[...validate, '--start-time', hour(-1), '--end-time', hour(1), '--region', 'us-east-1'],
    ]);
    cli.close();
    expect(printed).toContain('2/2 digest files valid');
    expect(printed).toContain('2/2 log files valid');
    expect(verifyCloudTrail(await trail.download())).toMatchObject({ findings: [], digests: 2, gaps: [{}] });
  },
);
