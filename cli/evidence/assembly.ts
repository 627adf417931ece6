import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Failure } from '../failure.ts';

/** One resource of a template, with where it stands. */
export interface Resource {
  readonly stack: string;
  /** Its name in the template. */
  readonly id: string;
  readonly type: string;
  /** Construct path with the stack's name, e.g. `Wardline-Data/Conversations/Store/Table`. */
  readonly path: string;
  readonly properties: Properties;
  readonly deletionPolicy?: string;
}

export type Properties = Readonly<Record<string, unknown>>;

/** An output of a stack: once deployed, its value names the resource by which it stands here. */
export interface Output {
  readonly stack: string;
  readonly name: string;
  readonly value: unknown;
}

/** What a deployment is made from. */
export interface Assembly {
  readonly stacks: readonly string[];
  readonly resources: readonly Resource[];
  readonly outputs: readonly Output[];
  /** SHA-256 of each template as it lies in the assembly, by its file's name. */
  readonly templates: Readonly<Record<string, string>>;
  /** The resources that a value of `stack` points to, by `Ref`, `Fn::GetAtt`, `Fn::Sub` or another stack's export; each once. */
  pointsTo(value: unknown, stack: string): readonly Resource[];
}

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      displayName: z.string().optional(),
      properties: z.object({ templateFile: z.string() }).partial().optional(),
    }),
  ),
});

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DeletionPolicy: z.string().optional(),
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() }))
    .default({}),
});

/**
 * Reads a cloud assembly, as `cdk synth` writes it.
 *
 * @throws Failure where the directory holds none
 */
export function readAssembly(directory: string): Assembly {
  return assemblyOf(readStacks(directory));
}

/** The stacks of a cloud assembly, in the order in which they are deployed. */
export function readStacks(directory: string): readonly Stack[] {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file))
    throw new Failure(
      'usage',
      `${directory} holds no cloud assembly: make one with npx cdk synth --output DIR`,
    );
  return Object.entries(Manifest.parse(JSON.parse(readFileSync(file, 'utf8'))).artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { displayName, properties }]) => {
      const templateFile = properties?.templateFile ?? `${id}.template.json`;
      const bytes = readFileSync(join(directory, templateFile));
      const template = Template.parse(JSON.parse(bytes.toString('utf8')));
      return { stack: displayName ?? id, templateFile, sha256: sha256(bytes), template };
    });
}

export interface Stack {
  readonly stack: string;
  readonly templateFile: string;
  readonly sha256: string;
  readonly template: z.infer<typeof Template>;
}

export function assemblyOf(stacks: readonly Stack[]): Assembly {
  const resources = stacks.flatMap(({ stack, template }) =>
    Object.entries(template.Resources).map(([id, { Type, Properties, DeletionPolicy, Metadata }]) => ({
      ...{ stack, id, type: Type, path: pathOf(stack, id, Metadata), properties: Properties },
      ...(DeletionPolicy !== undefined && { deletionPolicy: DeletionPolicy }),
    })),
  );
  const outputs = stacks.flatMap(({ stack, template }) =>
    Object.entries(template.Outputs).map(([name, { Value }]) => ({ stack, name, value: Value })),
  );
  const exported = new Map(
    stacks.flatMap(({ stack, template }) =>
      Object.values(template.Outputs).flatMap(({ Value, Export }) =>
        typeof Export?.Name === 'string' ? [[Export.Name, { stack, value: Value }] as const] : [],
      ),
    ),
  );
  const known = new Map(resources.map((resource) => [`${resource.stack}\n${resource.id}`, resource]));
  const pointsTo = (value: unknown, stack: string): readonly Resource[] => {
    const found = new Set<Resource>();
    for (const name of namesIn(value)) {
      const far = 'imported' in name ? exported.get(name.imported) : undefined;
      const near = 'id' in name ? known.get(`${stack}\n${name.id}`) : undefined;
      for (const one of far ? pointsTo(far.value, far.stack) : near ? [near] : []) found.add(one);
    }
    return [...found];
  };
  const templates = Object.fromEntries(stacks.map(({ templateFile, sha256 }) => [templateFile, sha256]));
  return { stacks: stacks.map(({ stack }) => stack), resources, outputs, templates, pointsTo };
}

type Name = { readonly id: string } | { readonly imported: string };

/** Every name that a value mentions, at any depth. */
function namesIn(value: unknown): readonly Name[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): readonly Name[] => {
    if (key === 'Ref') return [{ id: String(inner) }];
    if (key === 'Fn::GetAtt')
      return [{ id: String(Array.isArray(inner) ? inner[0] : inner).split('.')[0] ?? '' }];
    if (key === 'Fn::ImportValue' && typeof inner === 'string') return [{ imported: inner }];
    if (key === 'Fn::Sub') {
      const text = String(Array.isArray(inner) ? inner[0] : inner);
      const named = [...text.matchAll(/\$\{([A-Za-z0-9]+)[^}]*\}/g)].map(([, id = '']) => ({ id }));
      return [...named, ...(Array.isArray(inner) ? namesIn(inner[1]) : [])];
    }
    return namesIn(inner);
  });
}

function pathOf(stack: string, id: string, metadata?: Readonly<Record<string, unknown>>): string {
  const path = metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/Resource$/, '') : `${stack}/${id}`;
}

/** The value at a dotted path of properties, e.g. `SSESpecification.KMSMasterKeyId`. */
export function valueAt(properties: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[name];
  }, properties);
}

/** The resources of one type. */
export function ofType(assembly: Assembly, type: string): readonly Resource[] {
  return assembly.resources.filter((resource) => resource.type === type);
}

/** What a list or a single value holds, as a list. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
