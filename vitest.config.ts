import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';
import { PermissionReporter } from './test/permissions/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', new PermissionReporter()],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    pool: 'forks',
    // a suite that starts the stack brings a Java process and a dozen workers with it
    maxWorkers: 2,
    isolate: false, // modules are read and compiled once a worker, and all its files share one database engine
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 180_000,
  },
});
