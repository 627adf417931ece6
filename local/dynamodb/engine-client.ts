import * as http from 'node:http';
import * as https from 'node:https';
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
    const ready = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const { status, said } = await this.post(target, ready).catch((cause: unknown) => {
      const message = `the database engine at ${this.url} did not answer`;
      throw Object.assign(new AwsError('InternalServerError', message, 500), { cause });
    });
    const answer = object(JSON.parse(said));
    if (status < 300) return { ...answer };

    const { __type, message, Message, ...members } = answer;
    const code = (text(__type) ?? 'InternalServerError').replace(/^.*#/, '');
    throw new AwsError(code, text(Message) ?? text(message) ?? '', status, members);
  }

  /** By node:http, which takes less time than fetch: every call of every function comes by here. */
  private post(target: string, body: string | Buffer): Promise<{ status: number; said: string }> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
      'x-amz-target': target,
      authorization: this.credentials,
    };
    const { request, agent } = this.url.startsWith('https:') ? overTls : plain;
    return new Promise((resolve, reject) => {
      const asked = request(this.url, { method: 'POST', agent, headers }, (response) => {
        readAll(response).then((said) => resolve({ status: response.statusCode ?? 500, said }), reject);
      });
      asked.once('error', reject);
      asked.end(body);
    });
  }
}

/** An idle connection is given up before an engine would close it. */
const KEPT = { keepAlive: true, timeout: 4_000 };
const plain = { request: http.request, agent: new http.Agent(KEPT) };
const overTls = { request: https.request, agent: new https.Agent(KEPT) };

async function readAll(response: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** The engine checks the form of a signature, not the signature. */
const UNCHECKED = 'SignedHeaders=host, Signature=none';
