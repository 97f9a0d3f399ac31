import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { NotSerializableError, ParError } from '@par/comm-core';
import { expect, test } from 'vitest';
import { loadedReference } from '../../src/closures/reference.ts';
import { lineageOf } from '../../src/worker/lineage.ts';

test('errors of par go by their names in its package, which other processes have, too', async () => {
  class Special extends NotSerializableError {}
  const lineage = lineageOf(new Special('value', 'a function'))!;
  const module = pathToFileURL(createRequire(import.meta.url).resolve('@par/comm-core')).href;
  expect(lineage.map(({ name, from }) => [name, from])).toEqual([
    ['Special', undefined],
    ['NotSerializableError', { kind: 'import', module, name: 'NotSerializableError' }],
    ['ParError', { kind: 'import', module, name: 'ParError' }],
  ]);
  const found = await Promise.all(lineage.slice(1).map(({ from }) => loadedReference(from!)));
  expect(found).toEqual([NotSerializableError, ParError]);
});
