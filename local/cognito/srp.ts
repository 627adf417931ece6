import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a pool keeps of a password: never the password. Both are hexadecimal. */
export interface PasswordVerifier {
  readonly salt: string;
  readonly verifier: string;
}

/** The server's half of one SRP exchange. Numbers are hexadecimal, as they travel. */
export interface ServerExchange {
  readonly clientPublic: string;
  readonly serverSecret: string;
  readonly serverPublic: string;
  readonly verifier: string;
}

/** What a client proves a password with; `timestamp` and `secretBlock` are signed as they were sent. */
export interface PasswordClaim {
  readonly userId: string;
  readonly secretBlock: string;
  readonly timestamp: string;
  readonly signature: string;
}

/** Makes the verifier of a password for one user of one pool (SRP-6a with the pool's name in the identity). */
export function makeVerifier(poolId: string, userId: string, password: string): PasswordVerifier {
  const salt = randomBytes(16).toString('hex');
  return { salt, verifier: hex(power(GENERATOR, privateKey(poolId, userId, password, salt))) };
}

/** True where the password is the one behind the verifier. */
export function isPassword(
  poolId: string,
  userId: string,
  password: string,
  { salt, verifier }: PasswordVerifier,
): boolean {
  const candidate = padded(power(GENERATOR, privateKey(poolId, userId, password, salt)));
  const kept = padded(number(verifier));
  return candidate.length === kept.length && timingSafeEqual(candidate, kept);
}

/** Answers a client's public value A; undefined where A is no number or a multiple of the modulus. */
export function beginExchange(clientPublic: string, verifier: string): ServerExchange | undefined {
  if (!/^[0-9a-f]{1,1536}$/i.test(clientPublic) || number(clientPublic) % MODULUS === 0n) return undefined;
  // 256 bits of exponent, as many as the hash has, keep the exchange at the strength of SHA-256.
  const serverSecret = randomBytes(32).toString('hex');
  const serverPublic = (MULTIPLIER * number(verifier) + power(GENERATOR, number(serverSecret))) % MODULUS;
  return { clientPublic, serverSecret, serverPublic: hex(serverPublic), verifier };
}

/** True where the claim was signed with the key that only the password's owner can derive. */
export function provesPassword(poolId: string, exchange: ServerExchange, claim: PasswordClaim): boolean {
  const a = number(exchange.clientPublic);
  const u = number(sha256(padded(a), padded(number(exchange.serverPublic))).toString('hex'));
  if (u === 0n) return false;
  const shared = power(a * power(number(exchange.verifier), u), number(exchange.serverSecret));
  const key = Buffer.from(hkdfSync('sha256', padded(shared), padded(u), 'Caldera Derived Key', 16));
  const expected = createHmac('sha256', key)
    .update(poolName(poolId))
    .update(claim.userId)
    .update(Buffer.from(claim.secretBlock, 'base64'))
    .update(claim.timestamp)
    .digest();
  const given = Buffer.from(claim.signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A salt and verifier for a user who does not exist: the same for the same name, proved by no password. */
export function fakeVerifier(seed: string, username: string): PasswordVerifier & { userId: string } {
  const bytes = (use: string) =>
    createHmac('sha256', seed).update(use).update('\0').update(username).digest();
  const id = bytes('id').toString('hex');
  return {
    salt: bytes('salt').subarray(0, 16).toString('hex'),
    verifier: hex(power(GENERATOR, number(bytes('verifier').toString('hex')))),
    userId: `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
  };
}

/**
 * Milliseconds since the epoch of a claim's TIMESTAMP, `EEE MMM d HH:mm:ss UTC yyyy` in English with no zero before
 * the day (what Amazon's own client libraries send); undefined for any other form.
 */
export function parseTimestamp(text: string): number | undefined {
  const form = /^(\w{3}) (\w{3}) ([1-9]|[12]\d|3[01]) (\d{2}:\d{2}:\d{2}) UTC (\d{4})$/.exec(text);
  if (!form) return undefined;
  const [, weekday, month, day, time, year] = form;
  const at = Date.parse(`${day} ${month} ${year} ${time} GMT`);
  if (Number.isNaN(at)) return undefined;
  return new Date(at).toUTCString().startsWith(`${weekday},`) ? at : undefined;
}

/** The 3072-bit MODP group (RFC 3526, group 15), the only one that Cognito uses. */
const MODULUS = BigInt(
  `0x${[
    'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD',
    'EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED',
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F',
    '83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B',
    'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510',
    '15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7',
    'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C',
    'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
  ].join('')}`,
);
const GENERATOR = 2n;
const MULTIPLIER = number(sha256(padded(MODULUS), padded(GENERATOR)).toString('hex'));

function privateKey(poolId: string, userId: string, password: string, salt: string): bigint {
  const identity = sha256(Buffer.from(`${poolName(poolId)}${userId}:${password}`));
  return number(sha256(padded(number(salt)), identity).toString('hex'));
}

function poolName(poolId: string): string {
  return poolId.slice(poolId.indexOf('_') + 1);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % MODULUS;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % MODULUS;
    square = (square * square) % MODULUS;
  }
  return result;
}

/** Whole bytes with the sign bit clear: the protocol hashes numbers as Java's BigInteger writes them. */
function padded(value: bigint): Buffer {
  const digits = value.toString(16);
  const whole = digits.length % 2 ? `0${digits}` : digits;
  return Buffer.from(/^[89a-f]/.test(whole) ? `00${whole}` : whole, 'hex');
}

function number(digits: string): bigint {
  return BigInt(`0x${digits}`);
}

function hex(value: bigint): string {
  return value.toString(16);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
