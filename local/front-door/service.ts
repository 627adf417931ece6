import type { Authorization, Principal } from '../iam/policy.ts';

/** One call of an AWS API, as it reached the front door and before anything was decided. */
export interface Call {
  /** The signing name: `dynamodb`, `kms`, `cognito-idp`, `execute-api`, … */
  readonly service: string;
  /** `PutItem`, `PostToConnection`, … */
  readonly operation: string;
  /** Absent where the call was not signed; only operations that AWS serves unsigned see that. */
  readonly principal?: Principal;
  /** The parsed JSON body; `{}` where the operation has none. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly method: string;
  /** Decoded path of the request; `/` for the JSON protocols. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly requestId: string;
  readonly sourceIp: string;
}

/** What a service answers, and what the front door's records may say about it. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON unless it is a Buffer. */
  readonly body?: unknown;
  /** DynamoDB's ConsumedCapacity, summed over tables. */
  readonly units?: { readonly read: number; readonly write: number };
}

/** What CloudTrail would hold of a call: identifiers, never contents. */
export interface TrailFacts {
  /** `Data` for item- and message-level calls, `Management` for the rest. */
  readonly category: 'Management' | 'Data';
  readonly readOnly: boolean;
  readonly resources: readonly { readonly type: string; readonly arn: string }[];
  /** Request parameters as AWS documents them for the event, values that AWS hides already hidden. */
  readonly requestParameters: unknown;
  readonly responseElements?: unknown;
  /** True for what AWS records as an event of the service, no call of its API: a pool's token endpoint. */
  readonly isServiceEvent?: boolean;
  /** The event's own `additionalEventData`; for Cognito the `sub`, which alone names a person there. */
  readonly additionalEventData?: Readonly<Record<string, unknown>>;
}

/** One AWS API behind the front door. */
export interface AwsService {
  /** The signing name. */
  readonly name: string;
  /** `json-1.0` and `json-1.1` name the operation in `X-Amz-Target`; `rest` in method and path. */
  readonly protocol: 'json-1.0' | 'json-1.1' | 'rest';
  /** For the JSON protocols: what stands before the dot in `X-Amz-Target`, e.g. `DynamoDB_20120810`. */
  readonly targetPrefix?: string;
  /**
   * A document that AWS serves to anyone by GET under this service's host (a user pool's JWKS); undefined where the
   * path is none. Asked before signatures are looked at.
   */
  publicDocument?(path: string): unknown;
  /** For `rest`: the operation that a method and path mean; undefined answers UnknownOperationException. */
  operationOf?(method: string, path: string): string | undefined;
  /** True where AWS serves the operation without a signature (a Cognito client's sign-in). */
  isPublic?(operation: string): boolean;
  /** Everything that must be allowed before `handle` runs. An empty list allows nothing unless the operation is public. */
  authorizations(call: Call): Promise<readonly Authorization[]> | readonly Authorization[];
  /** Does the work; throws {@link AwsError} for what AWS answers with an error. */
  handle(call: Call): Promise<Answer>;
  /** Headers that go with an error, beside what the protocol itself asks for. */
  errorHeaders?(error: AwsError): Readonly<Record<string, string>>;
  /** The call as CloudTrail records it; called for refused calls too. */
  trail(call: Call): TrailFacts;
}

/** An error as AWS answers it: `code` is the exception's name, e.g. `ConditionalCheckFailedException`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Members beside the message, e.g. `CancellationReasons` or `Item`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
