import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** DynamoDB Local 1.25 is compiled for Java 11 (DynamoDB developer guide, "Deploying DynamoDB locally"). */
const OLDEST_JAVA = 11;

/** No usable `java` on this machine; the message names the one command that installs it. */
export class JavaMissing extends Error {
  /** The command for this platform. */
  readonly command: string;

  constructor(tried: readonly string[], platform: NodeJS.Platform = process.platform) {
    const command = installCommand(platform);
    super(`no java ${OLDEST_JAVA} or newer found (tried ${tried.join(', ')}); install one with: ${command}`);
    this.name = 'JavaMissing';
    this.command = command;
  }
}

/** The path of a Java that can run the engine: `JAVA_HOME`, then `PATH`, then Homebrew's unlinked folders. */
export async function findJava(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const candidates = [
    ...(environment.JAVA_HOME ? [join(environment.JAVA_HOME, 'bin', 'java')] : []),
    'java',
    ...(process.platform === 'darwin'
      ? ['/opt/homebrew/opt/openjdk/bin/java', '/usr/local/opt/openjdk/bin/java']
      : []),
  ];
  for (const candidate of candidates) {
    if ((await majorVersion(candidate, environment)) >= OLDEST_JAVA) return candidate;
  }
  throw new JavaMissing(candidates);
}

/** 0 where it cannot be run: macOS puts a `java` on every PATH that only says that there is none. */
async function majorVersion(java: string, environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { stdout, stderr } = await run(java, ['-version'], { env: environment });
    const version = /version "(?:1\.)?(\d+)/.exec(stderr + stdout);
    return Number(version?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function installCommand(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'brew install openjdk';
  if (platform === 'win32') return 'winget install --id Microsoft.OpenJDK.21';
  return 'sudo apt-get install --yes default-jre-headless';
}
