import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ClinicPerson } from './clinic.ts';
import { type Credentials, files, type Outputs } from './deployment.ts';
import { Failure } from './failure.ts';
import { writePrivate } from './private-file.ts';

/** `.wardline/` of this clone. */
export const defaultDirectory = fileURLToPath(new URL('../.wardline', import.meta.url));

const People = z.array(
  z.object({
    id: z.string(),
    role: z.string(),
    username: z.string(),
    password: z.string(),
    totpSecret: z.string(),
  }),
);

/** What a local run keeps between its starts. Everything in it is for this user's eyes only. */
export class RunDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** Where the app is synthesized to. */
  get assembly(): string {
    return join(this.path, 'cdk.out');
  }

  /** Tables, users and keys. */
  get data(): string {
    return join(this.path, 'data');
  }

  /** The people of the clinic; undefined until a first start has made them all. */
  people(): readonly ClinicPerson[] | undefined {
    return readPeople(this.file('people'));
  }

  /**
   * Makes the directory fit to start from. Data of a first start that never became ready are forgotten: nobody has seen
   * a password for them.
   *
   * @throws Failure where data stand whose people are not known any more
   */
  prepare(): void {
    if (existsSync(this.unready)) this.forget();
    if (this.people()) return;
    if (existsSync(this.data)) {
      throw new Failure(
        'environment',
        `${this.file('people')} is gone, and with it the passwords for the data in ${this.data}: put it back, or begin anew with npm start -- --fresh`,
      );
    }
    writeFileSync(this.unready, '', { mode: 0o600 });
  }

  /** Forgets data, people and keys. */
  forget(): void {
    for (const name of ['data', ...Object.values(files)])
      rmSync(join(this.path, name), { recursive: true, force: true });
    rmSync(this.unready, { force: true });
  }

  keepAccess(outputs: Outputs, credentials: Credentials): void {
    writePrivate(this.file('outputs'), outputs);
    writePrivate(this.file('credentials'), credentials);
  }

  /** From now on the data are worth keeping. */
  keepPeople(people: readonly ClinicPerson[]): void {
    writePrivate(this.file('people'), people);
    rmSync(this.unready, { force: true });
  }

  file(name: keyof typeof files): string {
    return join(this.path, files[name]);
  }

  private get unready(): string {
    return join(this.path, 'first-start');
  }
}

/** Whom a file of `npm start` lists; undefined where it is not there. */
export function readPeople(file: string): readonly ClinicPerson[] | undefined {
  if (!existsSync(file)) return undefined;
  const read = People.safeParse(parsed(file));
  if (read.success) return read.data;
  throw new Failure('environment', `${file} was changed by hand: begin anew with npm start -- --fresh`);
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
