import { AwsError } from '../front-door/service.ts';
import { object, text } from './wire.ts';

/** Speaks to the engine as one fixed caller of one Region, so that every function meets the same database. */
export class EngineClient {
  private readonly url: string;
  private readonly credentials: string;

  /** @param accessKeyId names the database within the engine */
  constructor(url: string, accessKeyId: string) {
    this.url = url;
    this.credentials = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/dynamodb/aws4_request, ${UNCHECKED}`;
  }

  /** The engine's answer; its refusals become {@link AwsError} with every member they carry. */
  call(operation: string, body: string | Buffer | object): Promise<Record<string, unknown>> {
    return this.ask(`DynamoDB_20120810.${operation}`, body);
  }

  /** The same of the streams' API. */
  callStreams(operation: string, body: object): Promise<Record<string, unknown>> {
    return this.ask(`DynamoDBStreams_20120810.${operation}`, body);
  }

  private async ask(target: string, body: string | Buffer | object): Promise<Record<string, unknown>> {
    const response = await this.post(target, body);
    const answer = object(await response.json());
    if (response.ok) return { ...answer };

    const { __type, message, Message, ...members } = answer;
    const code = (text(__type) ?? 'InternalServerError').replace(/^.*#/, '');
    throw new AwsError(code, text(Message) ?? text(message) ?? '', response.status, members);
  }

  private async post(target: string, body: string | Buffer | object): Promise<Response> {
    try {
      return await fetch(this.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': target,
          authorization: this.credentials,
        },
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      });
    } catch (error) {
      throw Object.assign(
        new AwsError('InternalServerError', `the database engine at ${this.url} did not answer`, 500),
        {
          cause: error,
        },
      );
    }
  }
}

/** The engine checks the form of a signature, not the signature. */
const UNCHECKED = 'SignedHeaders=host, Signature=none';
