import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/**
 * The code of `functions/<file>` as one ES module, `index.mjs`, with the AWS SDK inside: what runs is what was tested, not
 * what the runtime ships that day. `NodejsFunction` does the same through `npx`, at a third of a second for each function.
 */
export function bundle(file: string): Code {
  const entry = fileURLToPath(new URL(`../functions/${file}`, import.meta.url));
  if (!existsSync(entry)) throw new Error(`a door has no code: functions/${file} is missing`);

  return Code.fromAsset(fileURLToPath(new URL('../functions', import.meta.url)), {
    assetHashType: AssetHashType.OUTPUT, // the same code is the same asset, wherever it is built
    bundling: {
      image: DockerImage.fromRegistry('never-pulled'), // CDK asks for one; `local` always bundles
      command: [file], // never run either, but CDK takes bundlings that differ in their functions only for the same
      local: {
        tryBundle(outputDirectory: string): boolean {
          writeFileSync(join(outputDirectory, 'index.mjs'), moduleOf(file));
          return true;
        },
      },
    },
  });
}

let built: ReadonlyMap<string, Uint8Array> | undefined;

/** One door's module. All are built at once, when the first is asked for: the SDK is then read once and not for each. */
function moduleOf(file: string): Uint8Array {
  built ??= new Map(build().map(({ path, contents }) => [basename(path, '.mjs'), contents]));
  const found = built.get(basename(file, '.ts'));
  if (!found) throw new Error(`a door has no code: esbuild made nothing of functions/${file}`);
  return found;
}

function build() {
  const functions = fileURLToPath(new URL('../functions', import.meta.url));
  const { outputFiles } = buildSync({
    entryPoints: readdirSync(functions)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(functions, name)),
    outdir: functions, // in name only
    write: false,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true, // but names stay: a fault is logged by where it was, not by what it said
    platform: 'node',
    target: 'node20', // also what runs it on a developer's machine
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': credentialsOfTheRole },
    banner: { js: requireForCommonJs },
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    logLevel: 'warning',
  });
  return outputFiles;
}

/** Lambda hands a function its role's credentials in its environment: the SDK's search for others would be a sixth of every bundle. */
const credentialsOfTheRole = fileURLToPath(new URL('../functions/wiring/credentials.ts', import.meta.url));

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const requireForCommonJs =
  "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);";
