import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build, type Format, type Metafile } from 'esbuild';
import { describe, expect, test } from 'vitest';
import {
  MAX_ATTACHMENT_BYTES,
  MAX_PICTURE_BYTES,
  MAX_WHOLE_BYTES,
  MIN_PART_BYTES,
} from '../../protocol/attachments.ts';
import { MAX_NAME_BYTES, MAX_TEXT_BYTES } from '../../protocol/bodies.ts';
import { transitions } from '../../sdk/states.ts';
import { report } from '../fixtures/results.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the SDK in a browser bundle', () => {
  test('is at most 12 KB gzip, with no schema, no dependency and nothing of Node inside', async () => {
    const { text, inputs } = await bundled('esm', withoutFiles);
    const gzip = gzipSync(text, { level: 9 }).length;
    expect(gzip).toBeLessThanOrEqual(12 * 1024);
    expect(inputs.filter((file) => !file.startsWith('sdk/'))).toEqual([]);
    expect(inputs.filter((file) => file.startsWith('sdk/attachments/'))).toEqual([]);
    report('sdk-size', { bytes: { gzip, minified: text.length } });
  });

  test('is at most 18 KB gzip where the app sends files, for it hashes and uploads them itself; and 8 KB with the first picture, which it strips', async () => {
    const { text, inputs, later } = await bundled('esm');
    const gzip = gzipSync(text, { level: 9 }).length;
    expect(gzip).toBeLessThanOrEqual(18 * 1024);
    expect(inputs.filter((file) => file.startsWith('protocol/bare/'))).toEqual([]);
    const withPictures = gzipSync(later, { level: 9 }).length;
    expect([withPictures > 0, withPictures <= 8 * 1024]).toEqual([true, true]);
    expect(later).not.toMatch(/zod|node:|process\.|\bBuffer|require\(/);
    expect(inputs.filter((file) => !/^(sdk|protocol\/bare)\//.test(file))).toEqual([]);
    expect(text).not.toMatch(/zod|node:|process\.|\bBuffer|require\(/);
    report('sdk-size-with-files', {
      bytes: { gzip, minified: text.length, gzipOfPictures: withPictures },
    });
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

  test('takes the same files as the protocol', async () => {
    const limitsIn = (file: string) =>
      Object.fromEntries(
        [
          ...readFileSync(`${root}/sdk/attachments/${file}.ts`, 'utf8').matchAll(
            /const (MAX_\w+|PART_BYTES) = (.*);/g,
          ),
        ].map(([, name, value]) => [
          name,
          runInNewContext(String(value), { MiB: 2 ** 20, MAX_PICTURE_BYTES }),
        ]),
      );
    expect(limitsIn('outgoing')).toEqual({ MAX_ATTACHMENT_BYTES, MAX_TEXT_BYTES });
    expect(limitsIn('fingerprint')).toEqual({ MAX_WHOLE_BYTES, PART_BYTES: MIN_PART_BYTES });
    expect(limitsIn('picture')).toMatchObject({ MAX_PICTURE_BYTES });
    expect(limitsIn('file-name')).toMatchObject({ MAX_NAME_BYTES });
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

/** An app that imports all but what files need. */
const withoutFiles = "export { Chat, ChatError, transitions } from './sdk/index.ts';";

async function bundled(
  format: Format,
  app = "export * from './sdk/index.ts';",
): Promise<{ text: string; inputs: string[]; later: string }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: app, resolveDir: root, sourcefile: 'sdk/app.ts' },
    bundle: true,
    minify: true,
    format,
    globalName: 'sdk',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    outdir: 'bundle',
    splitting: format === 'esm',
  });
  const [entry = ''] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint) ?? [];
  const isEntry = (path: string) => path.endsWith(entry);
  const textOf = (files: typeof outputFiles) => files.map(({ text }) => text).join('\n');
  return {
    text: textOf(outputFiles.filter(({ path }) => isEntry(path))),
    inputs: packedIn(metafile, entry),
    later: textOf(outputFiles.filter(({ path }) => !isEntry(path))),
  };
}

/** The files of which something is left in what is loaded with the app. */
function packedIn({ outputs }: Metafile, entry: string): string[] {
  return Object.entries(outputs[entry]?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  );
}
