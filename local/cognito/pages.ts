import { AwsError } from '../front-door/service.ts';
import type { Input } from './pools.ts';
import { wholeNumber } from './properties.ts';

/** One page of a list: at most 60 entries, and the token of the next page where there is one. */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly next?: string;
}

/** The page that `Limit` and the token in `tokenName` ask for. */
export function pageOf<T>(
  all: readonly T[],
  input: Input,
  tokenName: 'NextToken' | 'PaginationToken',
): Page<T> {
  const limit = input.Limit === undefined ? LONGEST : wholeNumber(input.Limit);
  if (limit === undefined || limit < 0 || limit > LONGEST)
    throw invalid(
      `1 validation error detected: Value '${String(input.Limit)}' at 'limit' failed to satisfy constraint: ` +
        (limit !== undefined && limit < 0
          ? 'Member must have value greater than or equal to 0'
          : `Member must have value less than or equal to ${LONGEST}`),
    );
  const start = startOf(input[tokenName]);
  const end = start + (limit || LONGEST);
  return {
    entries: all.slice(start, end),
    ...(end < all.length && { next: Buffer.from(`from:${end}`).toString('base64') }),
  };
}

const LONGEST = 60;

function startOf(token: unknown): number {
  if (token === undefined) return 0;
  const start = /^from:(\d+)$/.exec(Buffer.from(String(token), 'base64').toString())?.[1];
  if (start) return Number(start);
  throw invalid('Invalid pagination token');
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
