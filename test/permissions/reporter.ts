import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node';
import { differences, steady } from './permissions.ts';
import { reasons } from './reasons.ts';
import { readUsed } from './record.ts';
import { allSeen, forgetSeen, missing, sealSeen } from './seen.ts';

/**
 * Compares the committed record of permissions with what a run of all tests used, and says where they differ and where a
 * function was refused something. It fails no run: what a run asks for may hang on its timing, and `npm run check` fails
 * where the template gives what the record does not have. A run of some tests only adds to what was seen.
 */
export class PermissionReporter implements Reporter {
  private vitest: Vitest | undefined;
  private runsAll = false;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    const all = (await this.vitest?.globTestSpecifications()) ?? [];
    const { testNamePattern, shard } = this.vitest?.config ?? {};
    this.runsAll = all.length === specifications.length && !testNamePattern && !shard;
    if (this.runsAll) forgetSeen();
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    // the record's own test may fail: it is what such a run refreshes
    const others = modules.filter(
      ({ moduleId }) => !moduleId.endsWith('test/permissions/permissions.test.ts'),
    );
    if (!this.runsAll || errors.length > 0 || !others.every((module) => module.ok())) return;
    sealSeen();
    const seen = allSeen();
    const problems = [
      ...differences(readUsed(), steady(seen.used, reasons)),
      ...missing(seen).map((sentence) => `missing: ${sentence}`),
    ];
    if (problems.length === 0) return;
    console.error(
      `\npermissions:\n${problems.join('\n')}\nnpm run permissions -- --write refreshes the record`,
    );
  }
}
