import { Purpose } from '../../protocol/purposes.ts';
import type { Source } from '../domain/entry.ts';
import { Fault } from '../domain/fault.ts';

const SESSION_BYTES = 16;
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/;

/**
 * Whence a message came, in 51 bytes with the attribute's name and an IPv4 address: six texts of 300 bytes must fit one read unit. The
 * sign-in in its 16 bytes, then the address, the request and, where it was stated, the purpose, with spaces between.
 */
export function packedSource({ session, sourceIp, requestId, purpose }: Source): Uint8Array {
  if (!UUID.test(session)) throw new Fault('a sign-in has another form than Cognito gives it');
  const id = Buffer.from(session.replaceAll('-', ''), 'hex');
  const words = [sourceIp, requestId, ...(purpose ? [purpose] : [])];
  return Buffer.concat([id, Buffer.from(words.join(' '))]);
}

export function unpackedSource(bytes: Uint8Array): Source {
  const packed = Buffer.from(bytes);
  const [sourceIp = '-', requestId = '-', stated] = packed.subarray(SESSION_BYTES).toString().split(' ');
  const session = packed
    .subarray(0, SESSION_BYTES)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const purpose = Purpose.safeParse(stated).data;
  return { session, sourceIp, requestId, ...(purpose && { purpose }) };
}
