import { readFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { z } from 'zod';

/** A CloudFormation template as synthesized, nothing resolved. */
export interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly Mappings: Readonly<Record<string, unknown>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, TemplateOutput>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface Stack {
  readonly name: string;
  readonly template: Template;
  /** Absent where the app left it to the deployment. */
  readonly accountId?: string;
  readonly region?: string;
}

export interface Assembly {
  /** Those that others depend on come first. */
  readonly stacks: readonly Stack[];
  /** Where a file asset lies, by its hash: a directory for zipped assets, else a file. */
  readonly assets: ReadonlyMap<string, string>;
}

/** Reads a CDK cloud assembly (`cdk.out`): its manifest, templates and file assets. */
export function readAssembly(directory: string): Assembly {
  const { artifacts } = read(join(directory, 'manifest.json'), Manifest);
  const nested = Object.entries(artifacts).filter(([, artifact]) => artifact.type === 'cdk:cloud-assembly');
  if (nested.length > 0) {
    const names = nested.map(([name]) => name).join(', ');
    throw new Error(
      `${directory} holds nested assemblies (${names}): CDK stages are not read; synthesize one stage alone`,
    );
  }
  return {
    stacks: inOrder(artifacts).flatMap((id) => stackOf(id, artifacts[id], directory)),
    assets: new Map(Object.values(artifacts).flatMap((artifact) => assetsOf(artifact, directory))),
  };
}

/** The local path of what a template names by `S3Key: '<hash>.zip'`. */
export function assetPath(assembly: Assembly, s3Key: string): string {
  const path = assembly.assets.get(hashIn(s3Key));
  if (path === undefined)
    throw new Error(`no file asset ${s3Key} in the cloud assembly; synthesize it again`);
  return path;
}

const Artifact = z.object({
  type: z.string(),
  environment: z.string().optional(),
  dependencies: z.array(z.string()).default([]),
  properties: z
    .object({ templateFile: z.string(), stackName: z.string(), file: z.string() })
    .partial()
    .default({}),
});
const Manifest = z.object({ artifacts: z.record(z.string(), Artifact) });
type Artifact = z.infer<typeof Artifact>;

const dictionary = z.record(z.string(), z.unknown()).default({});
const TemplateFile = z.object({
  Transform: z.unknown().optional(),
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Mappings: dictionary,
  Conditions: dictionary,
  Resources: z
    .record(
      z.string(),
      z.object({ Type: z.string(), Properties: dictionary, Condition: z.string().optional() }),
    )
    .default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Condition: z.string().optional(),
        Export: z.object({ Name: z.unknown() }).optional(),
      }),
    )
    .default({}),
});

const AssetFile = z.object({
  source: z.object({ path: z.string().optional() }),
  destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
});
const AssetManifest = z.object({ files: z.record(z.string(), AssetFile).default({}) });

/** Artifact ids, each after all that it depends on, otherwise as the manifest has them. */
function inOrder(artifacts: Record<string, Artifact>): string[] {
  const ordered = new Set<string>();
  const visit = (id: string, path: readonly string[]) => {
    if (path.includes(id))
      throw new Error(`stacks depend on each other in a circle: ${[...path, id].join(' -> ')}`);
    if (ordered.has(id)) return;
    for (const dependency of artifacts[id]?.dependencies ?? []) visit(dependency, [...path, id]);
    ordered.add(id);
  };
  for (const id of Object.keys(artifacts)) visit(id, []);
  return [...ordered];
}

function stackOf(id: string, artifact: Artifact | undefined, directory: string): Stack[] {
  const file = artifact?.properties.templateFile;
  if (artifact?.type !== 'aws:cloudformation:stack' || file === undefined) return [];
  const name = artifact.properties.stackName ?? id;
  const { Transform, ...template } = read(join(directory, file), TemplateFile);
  if (Transform !== undefined) {
    throw new Error(`stack ${name} uses the transform ${JSON.stringify(Transform)}: macros run only on AWS`);
  }
  const [, accountId, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(artifact.environment ?? '') ?? [];
  return [{ name, template, accountId: known(accountId), region: known(region) }];
}

/** CDK writes `unknown-account` and `unknown-region` where the app names none. */
function known(value: string | undefined): string | undefined {
  return value?.startsWith('unknown-') ? undefined : value;
}

function assetsOf(artifact: Artifact, directory: string): [string, string][] {
  const file = artifact.properties.file;
  if (artifact.type !== 'cdk:asset-manifest' || file === undefined) return [];
  const { files } = read(join(directory, file), AssetManifest);
  return Object.entries(files).flatMap(([hash, { source, destinations }]) => {
    const { path } = source; // absent where a command would make the asset at deployment
    if (path === undefined) return [];
    const names = [hash, ...Object.values(destinations).map(({ objectKey }) => hashIn(objectKey))];
    return names.map((name): [string, string] => [name, resolve(directory, path)]);
  });
}

function hashIn(objectKey: string): string {
  return basename(objectKey, extname(objectKey));
}

function read<T>(file: string, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`cannot read ${file}; synthesize the app first`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new Error(`${file} is not what CDK writes: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
