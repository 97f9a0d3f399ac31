import type { AnyNode } from 'acorn';
import type { LexicalAnalysis } from './bindings.ts';

/** Which functions of a module can be reached by importing it. */
export interface ExportTable {
  /** Export name of the function or class written at `node`; undefined when it is not exported. */
  nameOf(node: AnyNode): string | undefined;
}

function nameOfKey(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as { value?: unknown }).value);
}

/** esbuild keeps names by `__name(function, "name")`, which gives its first argument. */
function withoutName(init: AnyNode): AnyNode {
  const named = init.type === 'CallExpression' && init.callee.type === 'Identifier' && init.callee.name === '__name';
  return (named && init.arguments[0]) || init;
}

/** `__vite_ssr_exportName__("name", () => { try { return local } catch {} })` is what vite makes of an export. */
function viteExport(statement: AnyNode): { local: string; exported: string } | undefined {
  if (statement.type !== 'ExpressionStatement') return undefined;
  const call = statement.expression;
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier') return undefined;
  if (call.callee.name !== '__vite_ssr_exportName__') return undefined;
  const [name, getter] = call.arguments;
  if (name?.type !== 'Literal' || getter?.type !== 'ArrowFunctionExpression') return undefined;
  const attempt = getter.body.type === 'BlockStatement' ? getter.body.body[0] : undefined;
  const first = attempt?.type === 'TryStatement' ? attempt.block.body[0] : attempt;
  if (first?.type !== 'ReturnStatement' || first.argument?.type !== 'Identifier') return undefined;
  return { local: first.argument.name, exported: String(name.value) };
}

/** The statements vite wrapped into `async (...) => {{ … }}`. */
function viteBody(program: AnyNode): readonly AnyNode[] {
  if (program.type !== 'Program') return [];
  for (const statement of program.body) {
    if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'ArrowFunctionExpression') continue;
    const { body } = statement.expression;
    const inner = body.type === 'BlockStatement' ? body.body[0] : undefined;
    if (inner?.type === 'BlockStatement') return inner.body;
  }
  return [];
}

/** The exports of a module that are functions or classes written in it. */
export function readExports(analysis: LexicalAnalysis, isModule: boolean): ExportTable {
  const { program } = analysis;
  const statements = isModule ? (program.body as readonly AnyNode[]) : viteBody(program);
  const byLocal = new Map<string, string>();
  const byNode = new Map<AnyNode, string>();
  const topLevel = new Map<string, { written: AnyNode; declaration: AnyNode }>();
  const reassigned = new Set(analysis.references.filter((one) => one.write).map((one) => one.binding?.declaration));

  function declare(statement: AnyNode, exported: boolean): void {
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      if (!statement.id) return;
      topLevel.set(statement.id.name, { written: statement, declaration: statement });
      if (exported) byLocal.set(statement.id.name, statement.id.name);
    } else if (statement.type === 'VariableDeclaration') {
      for (const declarator of statement.declarations) {
        const { id, init } = declarator;
        if (id.type !== 'Identifier') continue;
        if (init) topLevel.set(id.name, { written: withoutName(init), declaration: declarator });
        if (exported) byLocal.set(id.name, id.name);
      }
    }
  }

  for (const statement of statements) {
    const vite = viteExport(statement);
    if (vite) byLocal.set(vite.local, vite.exported);
    else if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      if (declaration.type === 'Identifier') byLocal.set(declaration.name, 'default');
      else {
        const named = 'id' in declaration && declaration.id;
        if (!named || !reassigned.has(declaration as AnyNode)) byNode.set(declaration as AnyNode, 'default');
      }
    } else if (statement.type === 'ExportNamedDeclaration') {
      if (statement.declaration) declare(statement.declaration as AnyNode, true);
      if (!statement.source) {
        for (const { local, exported } of statement.specifiers) byLocal.set(nameOfKey(local), nameOfKey(exported));
      }
    } else declare(statement, false);
  }

  for (const [local, exported] of byLocal) {
    const found = topLevel.get(local);
    if (found && !reassigned.has(found.declaration)) byNode.set(found.written, exported);
  }
  return { nameOf: (node) => byNode.get(node) };
}
