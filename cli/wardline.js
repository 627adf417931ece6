#!/usr/bin/env node
// Plain JavaScript that any Node.js still in use can read, so that even an old one gets a sentence and no stack.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `wardline needs Node.js 20.19 or newer; this is ${process.versions.node}: install one from https://nodejs.org`,
  );
  process.exit(3);
}

try {
  const { register } = await import('tsx/esm/api');
  register();
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('the packages of this clone are not installed: run npm ci');
  process.exit(3);
}

// It is for whoever chooses the SDK's version, which no operator does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
