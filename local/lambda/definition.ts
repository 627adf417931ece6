import type { Principal } from '../iam/policy.ts';

/** One function as its `AWS::Lambda::Function` describes it. */
export interface FunctionDefinition {
  readonly arn: string;
  readonly name: string;
  /** The unpacked deployment package. */
  readonly codeDirectory: string;
  /** `index.handler`: file without its ending, then the export. */
  readonly handler: string;
  /** `nodejs24.x`; the code runs on this machine's Node.js whatever it says. */
  readonly runtime: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** The execution role's session. */
  readonly principal: Principal;
  readonly logGroup: string;
  /** `LoggingConfig.LogFormat`. @default 'Text' */
  readonly logFormat?: 'Text' | 'JSON';
  /** `LoggingConfig.ApplicationLogLevel`; counts in JSON only. @default 'INFO' */
  readonly applicationLogLevel?: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
  /** `LoggingConfig.SystemLogLevel`; counts in JSON only. @default 'INFO' */
  readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN';
}

/** The error document of a failed invocation (Lambda developer guide, "Node.js function errors"). */
export interface ErrorDocument {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
