import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';

/** `cdk deploy --outputs-file`: outputs by stack. A local run adds `Local`. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the operator's commands need to know of a deployment. */
export interface Deployment {
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  readonly peopleTable: string;
  /** Set for a local run, whose AWS is reached there. */
  readonly endpoint?: string;
  /** Set for a local run; on AWS the SDK finds the operator's own. */
  readonly credentials?: Credentials;
}

const Credentials = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });
export type Credentials = z.infer<typeof Credentials>;

/** What `wardline start` keeps in its directory, and `wardline users` reads there. */
export const files = {
  outputs: 'outputs.json',
  credentials: 'credentials.json',
  people: 'people.json',
} as const;

/** Picks a deployment out of its outputs, whatever its stacks are called. */
export function deploymentOf(outputs: Outputs, credentials?: Credentials): Deployment {
  const output = (name: string): string => {
    const found = Object.values(outputs).find((stack) => Object.hasOwn(stack, name))?.[name];
    if (found) return found;
    throw new Failure(
      'usage',
      `the outputs hold no ${name}: write them anew with npx cdk deploy --all --outputs-file FILE`,
    );
  };
  return {
    region: output('Region'),
    userPoolId: output('UserPoolId'),
    userPoolClientId: output('UserPoolClientId'),
    peopleTable: output('PeopleTable'),
    ...(outputs.Local?.AwsEndpointUrl && { endpoint: outputs.Local.AwsEndpointUrl }),
    ...(credentials && { credentials }),
  };
}

/** Reads a file of outputs; beside those of a local run stand its administrator's keys. */
export function readDeployment(file: string): Deployment {
  if (!existsSync(file)) {
    throw new Failure(
      'usage',
      `there is no ${file}: start the local run with npm start, or name the file that npx cdk deploy --all --outputs-file FILE wrote with --outputs FILE`,
    );
  }
  const outputs = parsed(file, z.record(z.string(), z.record(z.string(), z.string())));
  if (!outputs.Local) return deploymentOf(outputs);

  const keys = join(dirname(file), files.credentials);
  if (!existsSync(keys))
    throw new Failure('environment', `there is no ${keys} beside the outputs: run npm start again`);
  return deploymentOf(outputs, parsed(keys, Credentials));
}

function parsed<S extends z.ZodType>(file: string, schema: S): z.infer<S> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Failure(
      'usage',
      `${file} is not what it should be: ${error instanceof z.ZodError ? z.prettifyError(error) : error}`,
      {
        cause: error,
      },
    );
  }
}
