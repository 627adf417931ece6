import { existsSync } from 'node:fs';
import { readSettings } from '../lib/settings.ts';
import { wardline } from '../lib/wardline.ts';

/** `WARDLINE_DEPLOYMENT` names a file under `bin/deployments/`; the stacks are made as its settings say. */
const deployment = process.env.WARDLINE_DEPLOYMENT ?? 'example';
if (!/^[a-z0-9-]+$/.test(deployment)) {
  throw new Error(
    `WARDLINE_DEPLOYMENT must be lower case letters, digits and hyphens; "${deployment}" is not`,
  );
}

const file = new URL(`deployments/${deployment}.ts`, import.meta.url);
if (!existsSync(file)) {
  throw new Error(
    `there is no deployment "${deployment}": write bin/deployments/${deployment}.ts, as example.ts beside it`,
  );
}

const { default: given } = (await import(file.href)) as { default: unknown };
wardline(readSettings(deployment, given)).synth();
