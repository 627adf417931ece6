import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Command, InvalidArgumentError } from 'commander';
import { everybody } from '../functions/store/profiles.ts';
import { signingKey } from '../functions/vault/signing-key.ts';
import { Head, headPath, keyPath } from './audit/formats.ts';
import { progress } from './audit/progress.ts';
import { copyCloudTrail } from './audit-export/cloudtrail-files.ts';
import { type Copying, copyHeads, copyObject, type Days, numbersOf } from './audit-export/sealed-objects.ts';
import { signStatement } from './audit-export/statement.ts';
import { type AuditDeployment, auditDeploymentOf, readAccess } from './deployment.ts';
import { Failure } from './failure.ts';
import { type Operator, operatorOf } from './operator.ts';
import { ServerClock } from './server-clock.ts';

const localOutputs = fileURLToPath(new URL('../.wardline/outputs.json', import.meta.url));

interface Given extends Days {
  readonly out: string;
  readonly outputs?: string;
}

/** `wardline audit export`: everything an auditor needs to judge without AWS, in one directory, signed. */
export function exportCommand(): Command {
  return new Command('export')
    .description(
      'copies the sealed audit trail into a directory, with what verifies it; the same command again goes on where it was broken off',
    )
    .requiredOption('--out <directory>', 'where it goes; what an earlier export copied there stays')
    .option('--from <day>', 'the first day, YYYY-MM-DD in UTC (default: from the beginning)', parseDay)
    .option('--to <day>', 'the last day, that day included (default: to the end)', parseDay)
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .action(async ({ out, outputs = localOutputs, ...days }: Given) => {
      const { outputs: found, credentials } = readAccess(outputs);
      const told = progress();
      const { firstHead, lastHead } = await exportTrail(
        auditDeploymentOf(found, credentials),
        out,
        days,
        told.tell,
      );
      told.done();
      console.error(
        lastHead < firstHead
          ? `Nothing was sealed on these days; ${out} says so.`
          : `${out} holds the sealed batches ${firstHead} to ${lastHead}: wardline audit verify ${out}`,
      );
    });
}

/** Exports the trail of some days; gives which heads. */
export async function exportTrail(
  deployment: AuditDeployment,
  out: string,
  days: Days,
  tell: (doing: string) => void,
): Promise<{ readonly firstHead: number; readonly lastHead: number }> {
  const { region, endpoint, credentials, sealedRecordsBucket, signingKeyArn } = deployment;
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  const kms = new KMSClient(settings);
  const clock = new ServerClock();
  const operator = operatorOf(deployment);
  clock.watch(operator.tables); // whose answers tell the deployment's time
  await mkdir(out, { recursive: true });
  const copying: Copying = {
    s3: new S3Client({ ...settings, forcePathStyle: endpoint !== undefined }),
    bucket: sealedRecordsBucket,
    directory: out,
  };

  const span = (await numbersOf(copying, days)) ?? { first: 1, last: 0 };
  await requireSameTrail(out, span);
  const keyIds = new Set([signingKeyArn]);
  const lastHead = await copyHeads(copying, span, async (number) => {
    tell(`batch ${number} of ${span.last}`);
    const head = Head.parse(JSON.parse(await readFile(join(out, headPath(number)), 'utf8')));
    keyIds.add(head.keyId);
    if (!(await copyObject(copying, head.path)))
      throw new Failure('finding', `${head.path} is not in the bucket`);
  });
  for (const keyId of keyIds) await writeKey(kms, keyId, out);
  await writePeople(operator, out);
  const ofCloudTrail = {
    ...copying,
    bucket: deployment.trailFilesBucket,
    directory: join(out, 'cloudtrail'),
  };
  const since = await copyCloudTrail(ofCloudTrail, days, { region, endpoint }, tell);
  const { name, auditRetentionDays, retentionDays, timeZone } = deployment;
  const said = {
    ...{ deployment: name, region, auditRetentionDays, retentionDays, timeZone },
    cloudTrail: { bucket: deployment.trailFilesBucket, ...(since && { since }) },
  };
  await writeFile(join(out, 'settings.json'), `${JSON.stringify(said, null, 2)}\n`);
  const { Arn: by = '-' } = await new STSClient(settings).send(new GetCallerIdentityCommand({}));
  const exported = { firstHead: span.first, lastHead };
  await signStatement(
    out,
    { at: new Date(clock.now()).toISOString(), by, deployment: name, region, ...exported },
    signingKey(kms, signingKeyArn),
    tell,
  );
  return exported;
}

/** A directory holds one span of heads: what lies outside it would be no part of what is signed. */
async function requireSameTrail(
  out: string,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<void> {
  const names = await readdir(join(out, 'sealed/heads')).catch(() => []);
  for (const name of names) {
    const file = join(out, 'sealed/heads', name);
    if (name.endsWith('.part')) await rm(file);
    const number = Number(/^(\d{12})\.json$/.exec(name)?.[1] ?? first);
    if (number < first || number > last)
      throw new Failure('usage', `${out} holds an export of other days: name a directory that is new`);
  }
}

async function writeKey(kms: KMSClient, keyId: string, out: string): Promise<void> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (!PublicKey) throw new Failure('environment', `KMS gives no public key of ${keyId}`);
  const body = Buffer.from(PublicKey)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  await mkdir(join(out, 'keys'), { recursive: true });
  await writeFile(
    join(out, keyPath(keyId)),
    `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`,
  );
}

/** Whoever has an id here, with what they are: the trail has ids alone, and no names. */
async function writePeople({ tables, deployment }: Operator, out: string): Promise<void> {
  const rooms = everybody(tables, deployment.peopleTable);
  const lines = async function* () {
    for (let place: string | undefined; ; ) {
      const page = await rooms.everybody(place);
      for (const { person, roles, formerRoles, site, department } of page.people) {
        const status = formerRoles ? 'disabled' : 'active';
        yield `${JSON.stringify({ person, roles: formerRoles ?? roles, status, site, department })}\n`;
      }
      if (page.next === undefined) return;
      place = page.next;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(join(out, 'people.jsonl')));
}

function parseDay(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay) throw new InvalidArgumentError('must be a day, e.g. 2030-01-31');
  return text;
}
