import type { Readable } from 'node:stream';
import type { Authorization, Principal, Verdict } from '../iam/policy.ts';
import type { IssuedCredentials } from './credentials.ts';
import type { RequestHead } from './request-head.ts';

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
  /** Of a {@link StreamingService}: the request behind its head. */
  readonly streamed?: Streamed;
}

/** What a streaming service has of a call beside its head. */
export interface Streamed {
  /** The request as it was signed. */
  readonly head: RequestHead;
  /** The body as it arrives; the first call tells a caller that waits (`Expect: 100-continue`) to go on. */
  readonly content: () => Readable;
  /** Decides one thing more about this caller, and remembers it as the front door's own decisions. */
  readonly judge: (authorization: Authorization) => Verdict;
}

/** What a service answers, and what the front door's records may say about it. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON unless it is a Buffer; a Readable goes out as it flows and needs a `content-length` among the headers. */
  readonly body?: unknown;
  /** DynamoDB's ConsumedCapacity, summed over tables. */
  readonly units?: { readonly read: number; readonly write: number };
}

/** What CloudTrail would hold of a call: identifiers, never contents. */
export interface TrailFacts {
  /** `Data` for item- and message-level calls, `Management` for the rest. */
  readonly category: 'Management' | 'Data';
  /** The event's name, where it is not the operation's. */
  readonly eventName?: string;
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
  /**
   * `json-1.0` and `json-1.1` name the operation in `X-Amz-Target`; `rest` in method and path; `query` in a form's `Action`, and
   * answers in XML; `rest-xml`: see {@link StreamingService}.
   */
  readonly protocol: 'json-1.0' | 'json-1.1' | 'query' | 'rest' | 'rest-xml';
  /** For the JSON protocols: what stands before the dot in `X-Amz-Target`, e.g. `DynamoDB_20120810`. */
  readonly targetPrefix?: string;
  /** Another that older or other SDKs write. */
  readonly otherTargetPrefix?: string;
  /**
   * A document that AWS serves to anyone by GET under this service's host (a user pool's JWKS); undefined where the
   * path is none. Asked before signatures are looked at.
   */
  publicDocument?(path: string): unknown;
  /** For `rest`: the operation that a method and path mean; undefined answers UnknownOperationException. */
  operationOf?(method: string, path: string): string | undefined;
  /** True where AWS serves the operation without a signature (a Cognito client's sign-in). */
  isPublic?(operation: string): boolean;
  /** True where AWS asks for a signature and for no permission (STS's GetCallerIdentity). */
  needsNoPermission?(operation: string): boolean;
  /** Everything that must be allowed before `handle` runs. An empty list allows nothing unless the operation is public. */
  authorizations(call: Call): Promise<readonly Authorization[]> | readonly Authorization[];
  /** Does the work; throws {@link AwsError} for what AWS answers with an error. */
  handle(call: Call): Promise<Answer>;
  /** Headers that go with an error, beside what the protocol itself asks for. */
  errorHeaders?(error: AwsError): Readonly<Record<string, string>>;
  /** The call as CloudTrail records it; called for refused calls too. */
  trail(call: Call): TrailFacts;
}

/** A service whose bodies flow through, whatever their length, and which has its own way of signing and of saying errors: S3. */
export interface StreamingService extends AwsService {
  readonly protocol: 'rest-xml';
  /** Whether a request is for this service, before anything about it is believed. */
  isFor(request: RequestHead): boolean;
  /** What anybody is answered without a signature: a CORS preflight. Undefined where the request needs one. */
  answerToAnybody(request: RequestHead): Answer | undefined;
  /** The operation that the request means; throws {@link AwsError} for none. */
  operationIn(request: RequestHead): string;
  /** Who signed the request; throws {@link AwsError}. */
  identify(request: RequestHead): IssuedCredentials;
  /** True where `handle` itself decides, item by item, what is allowed. */
  decidesByItem(operation: string): boolean;
  /** An error as this service writes it. */
  answerTo(error: AwsError, request: RequestHead, requestId: string): Answer;
  /** Headers on every answer to this request, errors included. */
  headersFor(request: RequestHead, requestId: string): Readonly<Record<string, string>>;
}

export function isStreaming(service: AwsService): service is StreamingService {
  return service.protocol === 'rest-xml';
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
