// A CommonJS entry script, with what esbuild makes of imports when it writes CommonJS.
const assert = require('node:assert/strict');
const path = require('node:path');
const { extname } = require('node:path');
const acorn = require('acorn');
const __toESM = (mod) =>
  Object.create({}, { default: { value: mod, enumerable: true }, join: { get: () => mod.join, enumerable: true } });
const import_path = __toESM(require('node:path'));

function sloppy() {
  return this === globalThis || this === undefined;
}
const fs = () => require('node:fs').existsSync(__filename);
const fail = () => {
  throw new Error('no');
};

(async () => {
  const { Elsewhere } = await import('../elsewhere.ts');
  const elsewhere = new Elsewhere();
  assert.deepEqual(await elsewhere.call(() => [path.basename('/a/b'), extname('x.ts'), import_path.join('a', 'b')]), [
    'b',
    '.ts',
    'a/b',
  ]);
  assert.equal(await elsewhere.call((text) => acorn.parse(text, { ecmaVersion: 2024 }).type, '1'), 'Program');
  assert.equal(await elsewhere.call(sloppy), true);
  assert.equal(await elsewhere.call(fs), true);
  assert.equal(await elsewhere.call(async () => (await import('../modules/geometry.ts')).UNIT), 2);
  const { stack } = await elsewhere.call(fail).catch((error) => error);
  assert.match(stack, /common-js\.cjs:15:9/);
  await elsewhere[Symbol.asyncDispose]();
  console.log('shipped');
})();
