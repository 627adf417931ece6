import type { FunctionDefinition } from './definition.ts';
import {
  type Delivery,
  type Ending,
  ExecutionEnvironment,
  type Surroundings,
} from './execution-environment.ts';

/** The ending, and which environment came to it. */
export interface Served {
  readonly environmentId: string;
  readonly ending: Ending;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly serve: (environment: ExecutionEnvironment) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * The execution environments of one function: warm ones are taken most recently used first, others are started on
 * demand up to `limit`. Beyond it events wait in order; AWS would go on to the account's concurrency and then throttle.
 */
export class EnvironmentPool {
  readonly definition: FunctionDefinition;
  private readonly around: Surroundings;
  private readonly limit: number;
  private readonly environments = new Set<ExecutionEnvironment>();
  private readonly warm: ExecutionEnvironment[] = [];
  private readonly waiting: Waiting[] = [];
  private closed = false;

  constructor(definition: FunctionDefinition, around: Surroundings, limit: number) {
    this.definition = definition;
    this.around = around;
    this.limit = limit;
  }

  async serve(delivery: Delivery): Promise<Served> {
    if (this.closed) throw this.closedError();
    const environment = this.warmest() ?? (await this.startOrWait(delivery));
    const ending = await environment.run(delivery);
    this.release(environment);
    return { environmentId: environment.id, ending };
  }

  list(): readonly ExecutionEnvironment[] {
    return [...this.environments].filter((environment) => environment.isAlive);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { refuse } of this.waiting.splice(0)) refuse(this.closedError());
    await Promise.all([...this.environments].map((environment) => environment.kill('crash')));
  }

  private warmest(): ExecutionEnvironment | undefined {
    for (let next = this.warm.pop(); next; next = this.warm.pop()) {
      if (next.isAlive) return next;
    }
    return undefined;
  }

  private startOrWait(delivery: Delivery): ExecutionEnvironment | Promise<ExecutionEnvironment> {
    if (this.list().length < this.limit) return this.start();
    return new Promise((serve, refuse) => {
      this.waiting.push({ delivery, serve, refuse });
    });
  }

  private start(): ExecutionEnvironment {
    const environment = new ExecutionEnvironment(this.definition, this.around);
    this.environments.add(environment);
    void environment.gone.then(() => {
      this.environments.delete(environment);
      if (!this.closed && this.waiting.length > 0 && this.list().length < this.limit) {
        this.waiting.shift()?.serve(this.start());
      }
    });
    return environment;
  }

  private release(environment: ExecutionEnvironment): void {
    if (!environment.isAlive) return;
    const next = this.waiting.shift();
    if (next) next.serve(environment);
    else this.warm.push(environment);
  }

  private closedError(): Error {
    return new Error(`${this.definition.name} is no longer served: the run is over`);
  }
}
