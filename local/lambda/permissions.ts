import type { Account } from '../account.ts';
import type { Invoker } from './invoke.ts';

/** One `AWS::Lambda::Permission`: a statement of a function's resource policy. */
export interface Permission {
  /** ARN, with or without a qualifier, or the function's name. */
  readonly functionArn: string;
  readonly service: string;
  /** Compared as `ArnLike`. */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

/** True where one of the permissions lets this invoker in; with none, nobody is. */
export function letsIn(permissions: readonly Permission[], invoker: Invoker, account: Account): boolean {
  return permissions.some(
    (permission) =>
      permission.service === invoker.service &&
      (permission.sourceArn === undefined || arnLike(permission.sourceArn, invoker.sourceArn)) &&
      (permission.sourceAccount === undefined ||
        permission.sourceAccount === accountOf(invoker.sourceArn, account)),
  );
}

/** Each of the six parts between colons is matched by itself, `*` and `?` within it (IAM user guide, "ARN condition operators"). */
function arnLike(pattern: string, arn: string): boolean {
  const patternParts = sixParts(pattern);
  const parts = sixParts(arn);
  return (
    patternParts.length === parts.length &&
    patternParts.every((part, index) => globOf(part).test(parts[index] ?? ''))
  );
}

function sixParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function globOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

/** An S3 bucket's ARN names no account: the run has only one. */
function accountOf(arn: string, account: Account): string {
  return arn.split(':')[4] || account.accountId;
}
