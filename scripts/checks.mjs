/** Static checks of `npm run check` and `npm test`: name, command, arguments. */
export const checks = [
  { name: 'format and lint', command: 'biome', args: ['ci', '--error-on-warnings'] },
  { name: 'types', command: 'turbo', args: ['run', 'typecheck', '--output-logs=errors-only'] },
  { name: 'unused code', command: 'knip', args: [] },
  { name: 'package contents', command: 'turbo', args: ['run', 'check:package', '--output-logs=errors-only'] },
];
