import { createServer } from 'node:net';
import { Failure } from './failure.ts';

/** Front door, WebSocket API and HTTP API, from the base port upwards. */
export const PORTS_NEEDED = 3;

/** Whether nobody listens on this machine's own address at `port`. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** The ports that a run from `base` upwards listens on; none are known beforehand for 0. */
export function portsFrom(base: number): readonly number[] {
  return base === 0 ? [] : Array.from({ length: PORTS_NEEDED }, (_, at) => base + at);
}

/** @throws Failure that names the first port somebody else has, and another base to try */
export async function expectFree(base: number): Promise<void> {
  for (const port of portsFrom(base)) if (!(await isFree(port))) throw portTaken(port, base);
}

export function portTaken(port: number, base: number): Failure {
  const other = base + 100 > 65_000 ? 9_400 : base + 100;
  return new Failure(
    'environment',
    `port ${port} is taken by another program: begin at another with npm start -- --port ${other}, or see whose it is with lsof -i :${port}`,
  );
}
