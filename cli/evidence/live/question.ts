import { isDeepStrictEqual } from 'node:util';
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Resource } from '../assembly.ts';

/** The operator's clients of the deployment that is asked. */
export interface Clients {
  readonly tables: DynamoDBClient;
  readonly keys: KMSClient;
  readonly pool: CognitoIdentityProviderClient;
  readonly buckets: S3Client;
}

/** A setting that is read from the running deployment, beside what it must be. */
export interface Question {
  /** Permanent, kebab-case. */
  readonly id: string;
  readonly says: string;
  readonly types: readonly string[];
  readonly among?: (resource: Resource) => boolean;
  /** The call of AWS, e.g. `kms:DescribeKey`. */
  readonly call: string;
  /** What an auditor types to ask the same. */
  readonly byHand: string;
  /** Asks; where it is absent no client of that service is part of this command. `pool`: the pool that a client belongs to. */
  readonly ask?: (clients: Clients, name: string, pool: string) => Promise<unknown>;
  /** What must stand at dotted paths of the answer. */
  readonly wants: Readonly<Record<string, Wanted>>;
}

type Wanted = string | number | boolean | readonly string[] | Test;

interface Test {
  readonly says: string;
  readonly fits: (value: unknown) => boolean;
}

/** Whether a value of an answer is what was wanted, and what was wanted in words. */
export function judged(
  wanted: Wanted,
  value: unknown,
): { readonly expected: string; readonly holds: boolean } {
  if (typeof wanted === 'object' && 'fits' in wanted)
    return { expected: wanted.says, holds: wanted.fits(value) };
  return { expected: words(wanted), holds: isDeepStrictEqual(value, wanted) };
}

/** A value of an answer in a few words. */
export function words(value: unknown): string {
  if (value === undefined) return 'absent';
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function atMost(most: number): Test {
  return { says: `at most ${most}`, fits: (value) => Number(value) > 0 && Number(value) <= most };
}

export function atLeast(least: number): Test {
  return { says: `at least ${least}`, fits: (value) => Number(value) >= least };
}
