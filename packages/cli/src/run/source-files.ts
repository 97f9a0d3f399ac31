import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Relative specifiers of static and dynamic imports, re-exports and require calls. */
const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/** A script and all files it imports by relative paths, directly or not; files that do not exist are included. */
export function sourceFiles(script: string): Set<string> {
  const files = new Set<string>();
  const open = [resolve(script)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const specifier of specifiers(file))
      open.push(fileURLToPath(new URL(specifier, pathToFileURL(`${dirname(file)}/`))));
  }
  return files;
}

function specifiers(file: string): string[] {
  try {
    return Array.from(readFileSync(file, 'utf8').matchAll(SPECIFIER), (match) => match[2]!);
  } catch {
    return [];
  }
}
