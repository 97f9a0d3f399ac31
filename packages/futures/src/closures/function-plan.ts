import type { AnyNode } from 'acorn';
import type { Feature, Reference } from './bindings.ts';
import { type ClassText, PARENT_CLASS, planClass } from './classes.ts';
import { type FreeVariable, freeUses, type Range } from './free-variables.ts';
import { originalPosition, type Script, type SourcePosition } from './scripts.ts';
import type { FunctionSource } from './source.ts';
import { applyEdits, blank, type Edit } from './text-edits.ts';

/** Why a function's text cannot be evaluated anywhere else. */
export interface Obstacle {
  readonly reason: string;
  readonly remedy: string;
}

/** Everything about a function that its source text decides: computed once per place in a script. */
export interface FunctionPlan {
  readonly source: FunctionSource;
  readonly position: SourcePosition;
  /** Name the text itself gives the function. */
  readonly ownName: string | undefined;
  readonly variables: readonly FreeVariable[];
  /** Names among the variables that are read while the text is evaluated. */
  readonly eager: readonly string[];
  readonly class: ClassText | undefined;
  readonly obstacle: Obstacle | undefined;
  /** Identifier that stands for `import.meta`, when the text uses it. */
  readonly importMeta: string | undefined;
  /** Identifier that stands for the `import` of dynamic imports, when the text uses them. */
  readonly dynamicImport: string | undefined;
  readonly edits: readonly Edit[];
}

const plans = new WeakMap<AnyNode, FunctionPlan>();

/** The plan for the function at this place. */
export function planOf(source: FunctionSource): FunctionPlan {
  let plan = plans.get(source.syntax);
  if (!plan) {
    plan = makePlan(source);
    plans.set(source.syntax, plan);
  }
  return plan;
}

/** An identifier as long as the keyword it replaces, so that columns stay; names in the script are avoided. */
function freshName(script: Script, candidates: readonly string[]): string {
  const free = candidates.find((candidate) => !script.source.includes(candidate));
  return free ?? `${candidates[0]}$${script.source.length}`;
}

const META_NAMES = ['import_meta', 'import$meta', 'imp0rt_meta', 'imp0rt$meta'];
const IMPORT_NAMES = ['imp0rt', 'import'.replace('t', '_'), 'impor$', '$mport'];

function place(script: Script, node: AnyNode): string {
  const { line, column } = originalPosition(script, node.start);
  return `line ${line + 1}, column ${column + 1}`;
}

function isModuleTop(script: Script, owner: AnyNode): boolean {
  return owner.type === 'Program' && (script.header.isModule || script.source.startsWith("'use strict';async (__vite"));
}

function obstacleOf(script: Script, feature: Feature): Obstacle | undefined {
  const where = place(script, feature.node);
  switch (feature.kind) {
    case 'this':
      if (isModuleTop(script, feature.owner)) return undefined;
      return {
        reason: `uses 'this' of the code around it at ${where}, which stays behind`,
        remedy: "Take what it needs into a variable or an argument first: const { limit } = this; then use 'limit'",
      };
    case 'new.target':
      return {
        reason: `uses 'new.target' of the function around it at ${where}`,
        remedy: 'Take it into a variable first',
      };
    case 'super':
      return {
        reason: `uses 'super' at ${where}, which belongs to the object or class it was written in`,
        remedy: 'Ship the whole class or an object that has the method, or call the other method by name',
      };
    case 'private':
      return {
        reason: `uses a private name at ${where}, which belongs to the class it was written in`,
        remedy: 'Ship the whole class, or give it a public method that does this',
      };
    case 'arguments':
      return {
        reason: `uses 'arguments' of the function around it at ${where}`,
        remedy: "Name the arguments with a rest parameter: (...args) => …, then use 'args'",
      };
    case 'eval':
      return {
        reason: `calls eval at ${where}, which may use any variable around it`,
        remedy: 'Use new Function(…), whose code sees only globals, or write the code out',
      };
    case 'with':
      return { reason: `uses a with statement at ${where}`, remedy: 'Name the object in front of each property' };
    default:
      return undefined;
  }
}

function makePlan(source: FunctionSource): FunctionPlan {
  const { script, syntax } = source;
  const classText = source.form === 'class' ? planClass(source) : undefined;
  const uses = freeUses(source, classText?.blanked ?? []);
  const ofKind = (kind: Feature['kind']): Feature[] => uses.features.filter((feature) => feature.kind === kind);
  const metas = ofKind('import.meta');
  const dynamic = ofKind('import()');
  const importMeta = metas.length > 0 ? freshName(script, META_NAMES) : undefined;
  const dynamicImport = dynamic.length > 0 ? freshName(script, IMPORT_NAMES) : undefined;
  const edits: Edit[] = [
    ...(classText?.edits ?? []),
    ...metas.map(({ node }): Edit => {
      const written = script.source.slice(node.start, node.end);
      return { start: node.start, end: node.end, text: importMeta + blank(written.slice('import.meta'.length)) };
    }),
    ...dynamic.map(
      ({ node }): Edit => ({ start: node.start, end: node.start + 'import'.length, text: dynamicImport! }),
    ),
  ];
  const inEager = (reference: Reference): boolean =>
    classText?.eager.some((range: Range) => reference.node.start >= range.start && reference.node.end <= range.end) ??
    false;
  const eager = uses.variables.filter((one) => one.references.some(inEager)).map((one) => one.name);
  let obstacle: Obstacle | undefined;
  for (const feature of uses.features) obstacle ??= obstacleOf(script, feature);
  const id = syntax.type === 'ArrowFunctionExpression' ? undefined : syntax.id?.name;
  return {
    source,
    position: originalPosition(script, source.start),
    ownName: id,
    variables: uses.variables,
    eager: [...eager, ...(classText?.parentName === PARENT_CLASS ? [PARENT_CLASS] : [])],
    class: classText,
    obstacle,
    importMeta,
    dynamicImport,
    edits,
  };
}

/** Spelling of a use of a variable that lives in a cell shared between functions. */
function cellEdit({ node, shorthand, called }: Reference): Edit {
  const name = node.name;
  const text = shorthand ? `${name}: ${name}.$` : called ? `(0,${name}.$)` : `${name}.$`;
  return { start: node.start, end: node.end, text };
}

const plainTexts = new WeakMap<FunctionPlan, string>();

/** The text to ship; variables in `cells` are read and written through their cell. */
export function textOf(plan: FunctionPlan, cells: readonly FreeVariable[]): string {
  const known = cells.length === 0 ? plainTexts.get(plan) : undefined;
  if (known !== undefined) return known;
  const { script, start, end } = plan.source;
  const shared = cells.flatMap((variable) => variable.references.map(cellEdit));
  const text = applyEdits(script.source, start, end, [...plan.edits, ...shared]);
  if (cells.length === 0) plainTexts.set(plan, text);
  return text;
}

/** `main.ts:3:5`, from the folder the program runs in. */
export function showPosition({ file, line, column }: SourcePosition): string {
  const folder = `${process.cwd()}/`;
  const path = file.startsWith('file://') ? decodeURIComponent(file.slice('file://'.length)) : file;
  return `${path.startsWith(folder) ? path.slice(folder.length) : path}:${line + 1}:${column + 1}`;
}
