import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Command } from 'commander';
import { DestructionCertificate } from '../protocol/requests.ts';
import { type KeysDeployment, keysDeploymentOf, readAccess } from './deployment.ts';
import { exitCodes, Failure } from './failure.ts';
import { isSignedBy, replay } from './replay.ts';

const localOutputs = fileURLToPath(new URL('../.wardline/outputs.json', import.meta.url));

interface Given {
  readonly outputs?: string;
  readonly json?: true;
}

/** `wardline keys`: what was destroyed stays destroyed, and can be proven. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('destroyed conversations: keep them destroyed after a restore, verify certificates')
    .addCommand(replayCommand())
    .addCommand(verifyCommand());
}

/** `wardline keys replay`: run after any restore, before anybody is let in. */
function replayCommand(): Command {
  return new Command('replay')
    .description(
      'destroys again what was destroyed before, by the records that stand in either table: run it after every restore of the Keys or the Conversations table, before anybody is let in',
    )
    .argument('[certificates...]', 'files with certificates, where both tables were restored')
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .option('--json', 'one line of JSON for each conversation: its certificate, and whether it had come back')
    .action(async (files: readonly string[], { outputs = localOutputs, json }: Given) => {
      const deployment = deploymentIn(outputs);
      const certificates = files.map(readCertificate);
      for (const certificate of certificates) {
        if (!(await isSigned(deployment, certificate))) throw notSigned(certificate);
      }
      let count = 0;
      let cameBack = 0;
      for await (const { certificate, isNew } of replay(deployment, certificates)) {
        count += 1;
        if (isNew) cameBack += 1;
        if (json) console.log(JSON.stringify({ isNew, certificate }));
        else if (isNew) console.log(JSON.stringify(certificate, null, 2));
      }
      console.error(
        `${count} conversations are destroyed; ${cameBack} of them had come back and were destroyed again, and the certificate printed for each takes the place of the earlier one.`,
      );
    });
}

/** `wardline keys verify`: ends with 1 where the signature does not hold. */
function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'says whether a certificate of destruction was signed by this deployment and not changed since',
    )
    .argument('<certificate>', 'a file with the certificate as JSON')
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .action(async (file: string, { outputs = localOutputs }: Given) => {
      const certificate = readCertificate(file);
      const { conversationId, unreadableFrom, finalFrom } = certificate;
      if (!(await isSigned(deploymentIn(outputs), certificate))) {
        process.exitCode = exitCodes.finding;
        console.error(notSigned(certificate).message);
        return;
      }
      console.log(
        `The signature holds: nothing opens conversation ${conversationId} from ${unreadableFrom}, and no backup of its keys does from ${finalFrom}.`,
      );
    });
}

function deploymentIn(outputs: string): KeysDeployment {
  const access = readAccess(outputs);
  return keysDeploymentOf(access.outputs, access.credentials);
}

function readCertificate(file: string): DestructionCertificate {
  try {
    return DestructionCertificate.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Failure('usage', `${file} holds no certificate of destruction`, { cause: error });
  }
}

/** By the deployment's own signing key, whatever key the certificate names. */
async function isSigned(
  { region, endpoint, credentials, signingKeyArn }: KeysDeployment,
  certificate: DestructionCertificate,
): Promise<boolean> {
  if (certificate.keyId !== signingKeyArn) return false;
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  const { PublicKey } = await new KMSClient(settings).send(new GetPublicKeyCommand({ KeyId: signingKeyArn }));
  return isSignedBy(PublicKey ?? new Uint8Array(), certificate);
}

function notSigned({ certificateId }: DestructionCertificate): Failure {
  return new Failure(
    'finding',
    `the certificate ${certificateId} was not signed by this deployment, or changed since`,
  );
}
