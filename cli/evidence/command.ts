import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Command } from 'commander';
import { signingKey } from '../../functions/vault/signing-key.ts';
import { deploymentOf, outputOf, readAccess } from '../deployment.ts';
import { exitCodes, Failure } from '../failure.ts';
import { ServerClock } from '../server-clock.ts';
import { synthesize } from '../synthesize.ts';
import { localOutputs } from '../users-arguments.ts';
import { readAssembly } from './assembly.ts';
import { figuresOf } from './figures.ts';
import { type Asked, askAll } from './live/ask.ts';
import { questions } from './live/questions.ts';
import { filesOf, type Seal, writePack } from './pack.ts';
import { readSnapshot, verifyPack } from './read-pack.ts';
import { summaryOf } from './summary.ts';
import { readTestResults } from './test-results.ts';

interface Given {
  readonly out: string;
  readonly outputs?: string;
  readonly assembly?: string;
  readonly previous?: string;
  readonly auditExport?: string;
  readonly reviews?: string;
  readonly tests?: string;
  readonly unsigned?: true;
}

/** `wardline audit evidence`: what an evaluation of one deployment rests on, signed; and its verification, offline. */
export function evidenceCommand(): Command {
  return new Command('evidence')
    .description(
      'makes a signed pack of evidence: each safeguard with what the template holds, what the deployment answers and what was tried; an inventory, a map of ePHI, and the difference to the pack before',
    )
    .addCommand(makeCommand(), { isDefault: true })
    .addCommand(verifyCommand());
}

/** `wardline audit evidence --out DIR`. Ends with 1 where a safeguard fails. */
function makeCommand(): Command {
  return new Command('make')
    .description('makes the pack; this is what evidence alone does')
    .requiredOption('--out <directory>', 'a new directory for the pack')
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .option('--assembly <directory>', 'the cloud assembly that was deployed (default: synthesized now)')
    .option('--previous <directory>', 'the pack before, to compare with')
    .option('--audit-export <directory>', 'what wardline audit export wrote, to count from')
    .option('--reviews <directory>', 'reports that were signed with wardline audit sign-off')
    .option('--tests <file>', 'what npx vitest run --reporter=json --outputFile=FILE wrote')
    .option('--unsigned', 'from the template alone: no deployment is asked, and nobody signs')
    .action(make);
}

/** `wardline audit evidence verify`: offline. Ends with 1 where anything was changed. */
function verifyCommand(): Command {
  return new Command('verify')
    .description('says whether a pack is as it was signed; needs no deployment')
    .argument('<directory>', 'the pack')
    .option('--key <file>', 'the public signing key as PEM, had from somewhere else than the pack')
    .action((directory: string, { key }: { readonly key?: string }) => {
      const { faults, files, at, keyFingerprint } = verifyPack(directory, key && readFileSync(key, 'utf8'));
      if (faults.length > 0) {
        process.exitCode = exitCodes.finding;
        for (const fault of faults) console.error(fault);
        return;
      }
      console.log(
        `${files} files are as they were signed at ${at}, by the key with SHA-256 ${keyFingerprint}. Compare that with the deployment's own: aws kms get-public-key.`,
      );
    });
}

async function make(given: Given): Promise<void> {
  const access = given.unsigned ? undefined : readAccess(given.outputs ?? localOutputs);
  const deployment = access && deploymentOf(access.outputs, access.credentials);
  const asked: Asked | undefined = access && deployment && { address: deployment, outputs: access.outputs };
  const previous = given.previous === undefined ? undefined : readSnapshot(given.previous);
  const assembly = given.assembly === undefined ? await synthesized() : readAssembly(given.assembly);

  const files = filesOf({
    assembly,
    answers: await askAll(questions, assembly, asked),
    tests: given.tests === undefined ? undefined : readTestResults(given.tests),
    figures: await figuresOf(given.auditExport, given.reviews),
    previous: previous?.snapshot,
  });
  const clock = new ServerClock();
  const seal = asked && (await sealOf(asked, clock));
  await writePack(given.out, files, new Date(clock.now()).toISOString(), previous?.manifestHash, seal);

  const { text, fails } = summaryOf(files);
  console.log(`${text}\nThe pack is in ${given.out}: begin with evidence.html.`);
  if (fails) process.exitCode = exitCodes.finding;
}

async function synthesized() {
  const directory = mkdtempSync(join(tmpdir(), 'evidence-'));
  try {
    await synthesize(directory, () => {}, new AbortController().signal);
    return readAssembly(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The deployment's signing key, and its public half; the answer also tells the deployment's time. */
async function sealOf({ address, outputs }: Asked, clock: ServerClock): Promise<Seal> {
  const { region, endpoint, credentials } = address;
  const kms = new KMSClient({ region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) });
  clock.watch(kms);
  const keyId = outputOf(outputs, 'SigningKeyArn');
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (!PublicKey) throw new Failure('environment', 'KMS gave no public key');
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return {
    signer: signingKey(kms, keyId),
    publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
