import { beforeAll, expect, test } from 'vitest';
import { queryFiles, viewFiles } from '../../cli/audit/query-files.ts';
import { synthesized } from '../fixtures/synth.ts';
import { readTemplates, resources, type Templates } from '../fixtures/template.ts';
import { weaknessesOf } from './weaknesses.ts';

let templates: Templates;

beforeAll(async () => {
  templates = readTemplates(await synthesized());
}, 120_000);

test('Athena has each query of the reports under its name, to the letter, and no other', () => {
  const named = resources(templates, 'AWS::Athena::NamedQuery');
  expect(named.map(({ Properties }) => Properties.Name).sort()).toEqual(
    queryFiles()
      .map(({ name }) => name)
      .sort(),
  );
  for (const query of named) expect(weaknessesOf(query, templates)).toEqual([]);
});

test('Glue has the sealed records with every field that one can have, what CloudTrail delivered, and the views that queries read', () => {
  const tables = resources(templates, 'AWS::Glue::Table');
  expect(tables.map(({ Properties }) => (Properties.TableInput as { Name: string }).Name).sort()).toEqual(
    ['cloudtrail', 'records', 'trail', ...viewFiles().map(({ name }) => name)].sort(),
  );
  for (const table of tables) expect(weaknessesOf(table, templates)).toEqual([]);
});
