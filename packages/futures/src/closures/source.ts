import type { AnyNode } from 'acorn';
import type { CodeForm } from './description.ts';
import type { FunctionLocation } from './scopes.ts';
import { offsetOf, type Script } from './scripts.ts';
import { childrenOf } from './syntax-tree.ts';

export type FunctionSyntax = Extract<
  AnyNode,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>;
export type ClassSyntax = Extract<AnyNode, { type: 'ClassDeclaration' | 'ClassExpression' }>;

/** A function's place in its script. */
export interface FunctionSource {
  readonly script: Script;
  readonly syntax: FunctionSyntax | ClassSyntax;
  readonly form: CodeForm;
  /** Range of the text that is shipped: for methods without the key, which may be computed. */
  readonly start: number;
  readonly end: number;
  readonly strict: boolean;
}

function isFunctionLike(node: AnyNode): node is FunctionSyntax | ClassSyntax {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'ClassDeclaration' ||
    node.type === 'ClassExpression'
  );
}

/** Text is what `toString` gives: for methods it starts at the key, in front of the function's own node. */
function matches(script: Script, node: AnyNode, text: string, offset: number): boolean {
  const start = node.end - text.length;
  const parent = script.analysis.parents.get(node);
  const earliest = parent?.type === 'MethodDefinition' || parent?.type === 'Property' ? parent.start : node.start;
  return start >= earliest && start <= node.start && start <= offset && script.source.startsWith(text, start);
}

function methodForm(parent: AnyNode | undefined, node: FunctionSyntax | ClassSyntax): CodeForm | undefined {
  if (parent?.type !== 'MethodDefinition' && parent?.type !== 'Property') return undefined;
  if (parent.value !== node || node.type !== 'FunctionExpression') return undefined;
  if (parent.kind === 'get') return 'getter';
  if (parent.kind === 'set') return 'setter';
  if (parent.type === 'Property' && !parent.method) return undefined;
  if (node.async) return node.generator ? 'async generator method' : 'async method';
  return node.generator ? 'generator method' : 'method';
}

function hasUseStrict(body: AnyNode | readonly AnyNode[]): boolean {
  const statements = Array.isArray(body)
    ? (body as AnyNode[])
    : (body as AnyNode).type === 'BlockStatement'
      ? (body as { body: AnyNode[] }).body
      : [];
  return statements.some((one) => one.type === 'ExpressionStatement' && one.directive === 'use strict');
}

/** The function whose text V8 gives as `text` at `location`; undefined when the script does not hold it there. */
export function locateFunction(script: Script, location: FunctionLocation, text: string): FunctionSource | undefined {
  const offset = offsetOf(script, location);
  const { program, parents } = script.analysis;
  let strict = script.header.isModule || hasUseStrict(program.body as AnyNode[]);
  for (let node: AnyNode | undefined = program; node; ) {
    if (isFunctionLike(node)) {
      const isClass = node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
      if (matches(script, node, text, offset)) {
        const form: CodeForm = isClass
          ? 'class'
          : (methodForm(parents.get(node), node) ??
            (node.type === 'FunctionDeclaration' && node.id ? 'declaration' : 'expression'));
        return { script, syntax: node, form, start: node.start, end: node.end, strict: strict || isClass };
      }
      strict ||= isClass || hasUseStrict((node as FunctionSyntax).body as AnyNode);
    }
    // Ranges of siblings do not overlap, but V8 may point at the very end of one: prefer the one that starts last.
    node = childrenOf(node).findLast((child) => child.start <= offset && offset <= child.end);
  }
  return undefined;
}
