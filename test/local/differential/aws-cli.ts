import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../../../local/front-door/credentials.ts';

/** How a run of the CLI ended: `answer` is what it printed as JSON, `error` AWS's own name and sentence. */
export interface CliEnd {
  readonly exitCode: number;
  readonly answer: unknown;
  readonly error?: { readonly name: string; readonly operation: string; readonly message: string };
  readonly stderr: string;
}

const version = spawnSync('aws', ['--version'], { encoding: 'utf8' });
const told = `${version.stdout ?? ''}${version.stderr ?? ''}`;
const [, major = '0', minor = '0', patch = '0'] = /^aws-cli\/(\d+)\.(\d+)\.(\d+)/.exec(told.trim()) ?? [];

/** The AWS CLI on the PATH, `aws-cli/2.9.19` say; undefined where there is none. */
export const cliVersion = version.status === 0 ? told.split(' ')[0] : undefined;

/** Before 1.29.82 and 2.13.35 the CLI spoke SQS's older protocol, which the local run does not serve. */
export const speaksJsonToSqs =
  cliVersion !== undefined && (major === '1' ? isAtLeast(29, 82) : major === '2' && isAtLeast(13, 35));

/** Before these the CLI took another address only as an option, which some of its own clients do not hear of. */
export const knowsEndpointVariable =
  cliVersion !== undefined && (major === '1' ? isAtLeast(29, 0) : major === '2' && isAtLeast(13, 0));

/** The CLI with a home of its own, so that nothing of this machine's AWS settings reaches it. */
export class AwsCli {
  private readonly endpointUrl: string;
  private readonly home = mkdtempSync(join(tmpdir(), 'aws-cli-'));
  private files = 0;

  constructor(endpointUrl: string) {
    this.endpointUrl = endpointUrl;
    writeFileSync(join(this.home, 'config'), '[default]\nregion = us-east-1\noutput = json\ncli_pager =\n');
  }

  /** `fileb://` of a file with these bytes: the one way to pass bytes that every version of the CLI takes alike. */
  bytes(content: string | Buffer): string {
    this.files += 1;
    const file = join(this.home, `bytes-${this.files}`);
    writeFileSync(file, content);
    return `fileb://${file}`;
  }

  /** Runs one command, `dynamodb put-item …`, as the holder of `credentials`. */
  async run(
    credentials: Credentials,
    args: readonly string[],
    reach: { endpointUrl?: string; proxy?: string } = {},
  ): Promise<CliEnd> {
    const child = spawn('aws', ['--endpoint-url', reach.endpointUrl ?? this.endpointUrl, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        AWS_CONFIG_FILE: join(this.home, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(this.home, 'credentials'),
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
        ...(reach.proxy && { HTTP_PROXY: reach.proxy }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const written = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      written.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      written.stderr += chunk.toString();
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    });
    const answer: unknown = written.stdout.trim() === '' ? undefined : JSON.parse(written.stdout);
    const error = errorIn(written.stderr);
    return { exitCode, answer, stderr: written.stderr, ...(error && { error }) };
  }

  /** What a command prints that is no JSON, and both its outputs; every client that it makes goes to this run. */
  async print(credentials: Credentials, args: readonly string[]): Promise<string> {
    const child = spawn('aws', args, {
      env: {
        ...{ PATH: process.env.PATH, HOME: this.home, AWS_CONFIG_FILE: join(this.home, 'config') },
        ...{ AWS_ENDPOINT_URL: this.endpointUrl, AWS_EC2_METADATA_DISABLED: 'true' },
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const output of [child.stdout, child.stderr])
      output.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return printed;
  }

  close(): void {
    rmSync(this.home, { recursive: true });
  }
}

/**
 * Brings requests for any `http://` host to `target`, with the host they name: the way by which `@connections` names its
 * API, where no DNS leads a host of AWS's to this machine.
 */
export async function startProxy(target: string): Promise<{ url: string; close(): void }> {
  const server = createServer((incoming, outgoing) => {
    const asked = new URL(incoming.url ?? '', 'http://none');
    const onward = request(
      new URL(target),
      { method: incoming.method, path: asked.pathname + asked.search, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isAtLeast(least: number, leastPatch: number): boolean {
  return Number(minor) > least || (Number(minor) === least && Number(patch) >= leastPatch);
}

/** `An error occurred (ValidationException) when calling the PutItem operation: …`, as every version of the CLI writes it. */
function errorIn(stderr: string): CliEnd['error'] {
  const [, name, operation, message] =
    /An error occurred \((\w+)\) when calling the (\w+) operation(?: \([^)]*\))?: (.*)/.exec(stderr) ?? [];
  return name && operation ? { name, operation, message: message ?? '' } : undefined;
}
