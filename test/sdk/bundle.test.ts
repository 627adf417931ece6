import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build, type Format } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { MAX_TEXT_BYTES } from '../../protocol/bodies.ts';
import { transitions } from '../../sdk/states.ts';
import { report } from '../fixtures/results.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the SDK in a browser bundle', () => {
  test('is at most 12 KB gzip, with no schema, no dependency and nothing of Node inside', async () => {
    const { text, inputs } = await bundled('esm');
    const gzip = gzipSync(text, { level: 9 }).length;
    expect(gzip).toBeLessThanOrEqual(12 * 1024);
    expect(inputs.filter((file) => !file.startsWith('sdk/'))).toEqual([]);
    expect(text).not.toMatch(/zod|node:|process\.|Buffer|require\(/);
    report('sdk-size', { bytes: { gzip, minified: text.length } });
  });

  test('loads where there is nothing but the language, and says what it lacks when it is used', async () => {
    const { text } = await bundled('iife');
    const load = (globals: object) => runInNewContext(`${text}; sdk`, globals);
    const { Chat } = load({});
    const options = { webSocketUrl: 'wss://a', httpApiUrl: 'https://a', getToken: async () => undefined };
    expect(() => new Chat(options)).toThrow('this host has no WebSocket');
    expect(() => new Chat({ ...options, WebSocket: class {} })).toThrow('this host has no fetch');
  });

  test('takes the same longest text as the protocol', async () => {
    expect(readFileSync(`${root}/sdk/chat.ts`, 'utf8')).toContain(`MAX_TEXT_BYTES = ${MAX_TEXT_BYTES};`);
  });
});

test('the README lists every transition', () => {
  const readme = readFileSync(`${root}/sdk/README.md`, 'utf8').replace(/ *\| */g, '|');
  const rows = Object.entries(transitions).map(
    ([code, { from, to, reason }]) =>
      `|\`${code}\`|${from.map((state) => `\`${state}\``).join(', ')}|\`${to}\`|${reason}|`,
  );
  const written = /<!-- transitions[^>]*-->\n\|.*\n\|.*\n([\s\S]*?)\n?<!-- \/transitions -->/.exec(
    readme,
  )?.[1];
  expect(written?.split('\n')).toEqual(rows);
});

async function bundled(format: Format): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['sdk/index.ts'],
    bundle: true,
    minify: true,
    format,
    globalName: 'sdk',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
}
