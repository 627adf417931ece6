/** What one invocation came to, as the Lambda Invoke API tells it. */
export interface Invocation {
  /** The handler's answer, parsed; for a function error the error document `{errorType, errorMessage, …}`. */
  readonly payload: unknown;
  /** Set when the function threw, timed out or its environment died: `Unhandled`. */
  readonly functionError?: 'Unhandled';
  readonly requestId: string;
  readonly durationMs: number;
  readonly coldStart: boolean;
  /** `Root=1-…;Parent=…;Sampled=0`: what the function's AWS calls carry as `x-amzn-trace-id`. */
  readonly traceId?: string;
}

/** A service that asks for an invocation: its principal, and the ARN it invokes for (a route, a pool). */
export interface Invoker {
  /** `apigateway.amazonaws.com`, `cognito-idp.amazonaws.com`, … */
  readonly service: string;
  readonly sourceArn: string;
  /** The `X-Amzn-Trace-Id` under which the invocation runs: `Root=1-<8 hex>-<24 hex>`. */
  readonly traceId?: string;
}

/** Thrown where the function's resource policy does not let this invoker in (`AWS::Lambda::Permission`). */
export class InvokeRefused extends Error {
  constructor(functionArn: string, invoker: Invoker) {
    super(
      `User: ${invoker.service} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn} because ` +
        `no resource-based policy allows the lambda:InvokeFunction action: no AWS::Lambda::Permission allows it for ${invoker.sourceArn}`,
    );
    this.name = 'InvokeRefused';
  }
}

/** The functions of the stack, as the services that invoke them see them. */
export interface Functions {
  /** Runs one event to its end. `functionArn` may be the function's ARN or API Gateway's invocation URI around it. */
  invoke(functionArn: string, event: unknown, invoker: Invoker): Promise<Invocation>;
}
