import { createRequire, SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Acorn from 'acorn';
import type { LexicalAnalysis } from './bindings.ts';
import { type ExportTable, readExports } from './exports.ts';
import { type ImportTable, readImports } from './imports.ts';
import { analyseScopes } from './lexical-scopes.ts';
import { type FunctionLocation, readScript, type ScriptHeader } from './scopes.ts';

/** A script as V8 runs it: after types were stripped, or after a loader transformed it. */
export interface Script {
  readonly header: ScriptHeader;
  readonly source: string;
  readonly analysis: LexicalAnalysis;
  readonly imports: ImportTable;
  readonly exports: ExportTable;
}

/** A place in an original source file; line and column count from 0. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Thrown when a script's text cannot be parsed. */
export class UnreadableScriptError extends Error {}

/** Loaded when a script is first parsed: workers that capture nothing do without. */
let acorn: typeof Acorn | undefined;

const SYNTAX: Omit<Acorn.Options, 'sourceType'> = {
  ecmaVersion: 'latest',
  allowReturnOutsideFunction: true,
  allowHashBang: true,
};

const scripts = new Map<string, Script | undefined>();
const unparsed = new Map<string, ReturnType<typeof readScript>>();
const lineStarts = new WeakMap<Script, readonly number[]>();
const sourceMaps = new WeakMap<Script, SourceMap | undefined>();

function read(scriptId: string): ReturnType<typeof readScript> {
  if (!unparsed.has(scriptId)) unparsed.set(scriptId, readScript(scriptId));
  return unparsed.get(scriptId);
}

/** URL of the script, without parsing it. */
export function scriptUrl(scriptId: string): string {
  return (scripts.get(scriptId) ?? read(scriptId))?.header.url ?? '';
}

/** The script with this id, parsed once. */
export function scriptOf(scriptId: string): Script | undefined {
  if (!scripts.has(scriptId)) {
    const found = read(scriptId);
    scripts.set(scriptId, found && analyse(found.header, found.source));
    unparsed.delete(scriptId);
  }
  return scripts.get(scriptId);
}

function analyse(header: ScriptHeader, source: string): Script {
  acorn ??= createRequire(import.meta.url)('acorn') as typeof Acorn;
  let analysis: LexicalAnalysis;
  try {
    analysis = analyseScopes(acorn.parse(source, { ...SYNTAX, sourceType: header.isModule ? 'module' : 'script' }));
  } catch (cause) {
    throw new UnreadableScriptError(`${header.url} cannot be parsed: ${(cause as Error).message}`, { cause });
  }
  return {
    header,
    source,
    analysis,
    imports: readImports(analysis, header.url),
    exports: readExports(analysis, header.isModule),
  };
}

function linesOf(script: Script): readonly number[] {
  let starts = lineStarts.get(script);
  if (!starts) {
    const found = [0];
    for (const match of script.source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) found.push(match.index + match[0].length);
    starts = found;
    lineStarts.set(script, starts);
  }
  return starts;
}

/** Offset in `script.source` of a location V8 gave. */
export function offsetOf(script: Script, location: FunctionLocation): number {
  const line = location.line - script.header.startLine;
  const column = line === 0 ? location.column - script.header.startColumn : location.column;
  return (linesOf(script)[line] ?? 0) + column;
}

/** Line and column V8 shows for an offset in `script.source`. */
export function generatedPosition(script: Script, offset: number): { line: number; column: number } {
  const starts = linesOf(script);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  const column = offset - starts[low]!;
  return { line: low + script.header.startLine, column: low === 0 ? column + script.header.startColumn : column };
}

function sourceMapOf(script: Script): SourceMap | undefined {
  if (sourceMaps.has(script)) return sourceMaps.get(script);
  const inline = /^data:application\/json[^,]*;base64,(.*)$/s.exec(script.header.sourceMapURL);
  let map: SourceMap | undefined;
  if (inline) {
    try {
      map = new SourceMap(JSON.parse(Buffer.from(inline[1]!, 'base64').toString('utf8')));
    } catch {
      map = undefined; // A broken map only costs original positions.
    }
  }
  sourceMaps.set(script, map);
  return map;
}

/** Where the text at `offset` was written, through the script's inline source map when it has one. */
export function originalPosition(script: Script, offset: number): SourcePosition {
  const { url, isModule } = script.header;
  const file = !isModule && url.startsWith('file:') ? fileURLToPath(url) : url;
  const { line, column } = generatedPosition(script, offset);
  const entry = sourceMapOf(script)?.findEntry(line, column);
  if (entry && 'originalLine' in entry && typeof entry.originalLine === 'number') {
    return { file, line: entry.originalLine, column: entry.originalColumn };
  }
  return { file, line, column };
}
