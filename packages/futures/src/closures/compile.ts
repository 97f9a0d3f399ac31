import { compileFunction } from 'node:vm';
import type { CodeNode } from './description.ts';

/** Makes one function: arguments are the values of its variables, in order, as far as they are known. */
export interface CompiledCode {
  make(values: readonly unknown[]): {
    readonly fn: object;
    /** Give the variables their final values. */
    link(values: readonly unknown[]): void;
  };
}

const compiled = new Map<string, CompiledCode>();
/** Compiled code is kept per text; beyond this many texts the oldest goes. */
const KEPT = 1024;

/** Compile a function's text with its original positions; the same text is compiled once. */
export function compile(code: CodeNode): CompiledCode {
  const names = code.variables.map(([name]) => name);
  const key = JSON.stringify([
    code.text,
    code.file,
    code.line,
    code.column,
    code.form,
    code.name,
    code.ownName,
    code.strict,
    names,
  ]);
  const known = compiled.get(key);
  if (known) return known;
  const made = compileText(code, names);
  if (compiled.size >= KEPT) compiled.delete(compiled.keys().next().value!);
  compiled.set(key, made);
  return made;
}

const METHODS: Partial<Record<CodeNode['form'], string>> = {
  method: '',
  'async method': 'async ',
  'generator method': '*',
  'async generator method': 'async *',
  getter: 'get ',
  setter: 'set ',
};

/** Text before and after the function's own, making an object with the function as its only property. */
function surroundings(code: CodeNode): readonly [before: string, after: string] {
  const prefix = METHODS[code.form];
  if (prefix !== undefined) return [`return[{${prefix}[${JSON.stringify(code.name)}]`, '}'];
  if (code.form === 'declaration') {
    // A declaration's name is a variable the function may assign to, unlike that of an expression.
    return ['', `;return[{f:${code.ownName}}`];
  }
  if (code.ownName !== undefined || code.name === '') return ['return[[', ']'];
  return [`return[{[${JSON.stringify(code.name)}]:`, '}'];
}

function setterOf(names: readonly string[]): string {
  let prefix = '$par$';
  while (names.some((name) => name.startsWith(prefix))) prefix += '$';
  const parameters = names.map((_, index) => `${prefix}${index}`);
  return `(${parameters.join(',')})=>{${names.map((name, index) => `${name}=${parameters[index]};`).join('')}}`;
}

function compileText(code: CodeNode, names: readonly string[]): CompiledCode {
  const [before, after] = surroundings(code);
  const head = `${code.strict ? "'use strict';" : ''}${before}`;
  const factory = compileFunction(`${head}${code.text}${after},${setterOf(names)}]`, names, {
    filename: code.file,
    lineOffset: code.line,
    columnOffset: code.column - head.length,
  }) as (...values: unknown[]) => [object, (...values: unknown[]) => void];
  return {
    make(values) {
      const [holder, set] = factory.apply(undefined, [...values]);
      const property = Object.getOwnPropertyDescriptor(holder, Reflect.ownKeys(holder)[0]!)!;
      return { fn: (property.value ?? property.get ?? property.set) as object, link: (final) => set(...final) };
    },
  };
}
