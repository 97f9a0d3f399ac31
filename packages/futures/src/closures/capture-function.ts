import * as types from 'node:util/types';
import { programGlobal } from './builtins.ts';
import type { CaptureGraph } from './capture-graph.ts';
import { captureProperties } from './capture-object.ts';
import { type CapturePath, notShippable, step } from './capture-path.ts';
import { type CapturedVariable, type FunctionRecord, recordOf } from './captured-variables.ts';
import { shareCells } from './cells.ts';
import { PRIVATE_STATICS } from './classes.ts';
import type { CodeNode, Ref, ShippedNode } from './description.ts';
import type { FreeVariable } from './free-variables.ts';
import { type FunctionPlan, showPosition, textOf } from './function-plan.ts';
import { refusalOf } from './handles.ts';
import { exportReference, nativeReference } from './reference.ts';
import { isImportable } from './specifiers.ts';
import { warnOfAssignment } from './warnings.ts';

type SourceRecord = Extract<FunctionRecord, { kind: 'source' }>;

/** Function under construction: the text waits until shared variables are known. */
export interface CodeUnderWay {
  readonly ref: Ref;
  readonly plan: FunctionPlan;
  readonly changing: readonly Extract<CapturedVariable, { found: 'value' }>[];
}

function nameOf(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

function showFunction(fn: object, plan: FunctionPlan): string {
  const kind = plan.source.form === 'class' ? 'class' : 'function';
  const name = nameOf(fn);
  return `${name === '' ? `an anonymous ${kind}` : `${kind} '${name}'`} at ${showPosition(plan.position)}`;
}

/** Describe a function or class. */
export function describeFunction(graph: CaptureGraph, fn: object, path: CapturePath | undefined): void {
  const refusal = types.isProxy(fn) ? refusalOf(fn) : undefined;
  if (refusal) throw notShippable(path, refusal.reason, refusal.remedy);
  const record = recordOf(fn);
  if (record.kind === 'bound') describeBound(graph, fn, record, path);
  else if (record.kind === 'native') describeNative(graph, fn, record.url, path);
  else describeSource(graph, fn, record, path);
}

function describeBound(
  graph: CaptureGraph,
  fn: object,
  record: Extract<FunctionRecord, { kind: 'bound' }>,
  path: CapturePath | undefined,
): void {
  const ref = graph.reserve(fn);
  const here = step(path, 'a bound function');
  graph.later(() => {
    graph.nodes[ref] = {
      kind: 'bound',
      target: graph.visit(record.target, step(here, 'of')),
      receiver: graph.visit(record.receiver, step(here, "whose 'this' is")),
      args: record.args.map((arg, index) => graph.visit(arg, step(here, `whose argument ${index} is`))),
    };
  });
}

function describeNative(graph: CaptureGraph, fn: object, url: string, path: CapturePath | undefined): void {
  const builtin = nativeReference(fn, url, graph.builtins);
  if (builtin) {
    graph.identify(fn, graph.add(builtin));
    return;
  }
  const name = nameOf(fn) || 'anonymous';
  throw notShippable(
    path,
    `the native function '${name}', which has no source text`,
    'Make it or look it up inside the function, where the other process has its own',
  );
}

function describeSource(graph: CaptureGraph, fn: object, record: SourceRecord, path: CapturePath | undefined): void {
  const { plan } = record;
  const reference = graph.options.byValue?.(plan.source.script.header.url) ? undefined : exportReference(fn, plan);
  if (reference) {
    graph.identify(fn, graph.add(reference));
    return;
  }
  const here = step(path, showFunction(fn, plan));
  if (plan.obstacle) throw notShippable(here, plan.obstacle.reason, plan.obstacle.remedy);
  graph.addBuiltins(plan.source.script.imports.builtins);
  const ref = graph.reserve(fn);
  graph.later(() => captureCode(graph, fn, record, ref, here));
}

/** Variables module loaders put around a module's code. */
function wrapperVariable(name: string, value: unknown, url: string): ShippedNode | undefined {
  if (name === '__vite_ssr_import_meta__') return { kind: 'import-meta', url };
  if (name === '__vite_ssr_dynamic_import__') return { kind: 'dynamic-import', from: url };
  if (name !== 'require' || typeof value !== 'function') return undefined;
  return 'resolve' in value && 'cache' in value ? { kind: 'require-function', from: url } : undefined;
}

/** An import by reference, unless what it imports cannot be imported elsewhere. */
function importedVariable(graph: CaptureGraph, plan: FunctionPlan, { binding }: FreeVariable): ShippedNode | undefined {
  const imported = binding && plan.source.script.imports.of(binding);
  if (!imported) return undefined;
  const { kind, module, from, name, attributes } = imported;
  if (from === undefined && (!isImportable(module) || graph.options.byValue?.(module))) return undefined;
  if (kind === 'require') return { kind, specifier: module, from: from ?? plan.source.script.header.url };
  return {
    kind,
    module,
    name,
    ...(from === undefined ? {} : { from }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function captureVariable(
  graph: CaptureGraph,
  plan: FunctionPlan,
  captured: CapturedVariable,
  path: CapturePath,
): Ref | undefined {
  const { variable } = captured;
  const { name } = variable;
  const here = step(path, `captured '${name}', which is`);
  const value = captured.found === 'value' ? captured.value : undefined;
  const node = importedVariable(graph, plan, variable) ?? wrapperVariable(name, value, plan.source.script.header.url);
  if (node) {
    graph.checkRefused(value, here);
    const replaced = captured.found === 'value' && isReplaced(graph, value);
    if (!replaced) {
      const known = graph.refOf(value);
      if (known !== undefined) return known;
      const ref = graph.add(node);
      graph.identify(value, ref);
      return ref;
    }
  }
  if (captured.found === 'value') return graph.visit(value, here);
  if (isUnseen(plan, captured)) {
    throw notShippable(
      here,
      'used only while the class is made, and V8 has not kept it',
      'Use a name or a literal for the computed member instead of a variable',
    );
  }
  if (captured.found === 'global') {
    const own = programGlobal(name);
    return own && graph.visit(own.value, here);
  }
  throw notShippable(
    here,
    'not initialised yet: its declaration has not run',
    'Ship the function after the line that declares the variable',
  );
}

/** V8 keeps only variables that functions use; what a class used only while it was made is gone. */
function isUnseen(plan: FunctionPlan, { found, variable: { binding } }: CapturedVariable): boolean {
  if (found !== 'global' || !binding) return false;
  return plan.source.script.header.isModule || binding.scope.node.type !== 'Program';
}

function isReplaced(graph: CaptureGraph, value: unknown): boolean {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && graph.options.replace?.(value) !== undefined;
}

/** A declared function that calls itself by its own name needs no variable for it. */
function isOwnName(fn: object, plan: FunctionPlan, captured: CapturedVariable): boolean {
  return (
    plan.source.form === 'declaration' &&
    captured.variable.binding?.declaration === plan.source.syntax &&
    captured.found === 'value' &&
    captured.stable &&
    captured.value === fn
  );
}

function mayChange(captured: CapturedVariable): boolean {
  if (captured.found === 'value') return !captured.stable;
  return !(captured.variable.name in globalThis) || programGlobal(captured.variable.name) !== undefined;
}

const FUNCTION_KEYS = new Set<PropertyKey>(['length', 'name', 'prototype', 'arguments', 'caller']);
const codeUnderWay = new WeakMap<CaptureGraph, CodeUnderWay[]>();

function captureCode(graph: CaptureGraph, fn: object, record: SourceRecord, ref: Ref, path: CapturePath): void {
  const { plan } = record;
  const { url } = plan.source.script.header;
  const { variables: captured, privateStatics } = record.read();
  graph.functions.push(fn);
  if (plan.class || captured.some(mayChange)) graph.changeable = true;
  const parentName = plan.class?.parentName;
  const variables: [string, Ref][] = [];
  const changing: Extract<CapturedVariable, { found: 'value' }>[] = [];
  for (const one of captured) {
    if (one.found === 'value' && !one.stable) changing.push(one);
    if (one.variable.assigned && one.found !== 'global') warnOfAssignment(plan, one.variable.name, path);
    if (isOwnName(fn, plan, one)) continue;
    if (one.variable.name === parentName && isUnseen(plan, one)) continue;
    const variable = captureVariable(graph, plan, one, path);
    if (variable !== undefined) variables.push([one.variable.name, variable]);
  }
  if (parentName !== undefined && !variables.some(([name]) => name === parentName)) {
    variables.push([parentName, graph.visit(Object.getPrototypeOf(fn), step(path, 'extends'))]);
  }
  if (plan.importMeta) variables.push([plan.importMeta, graph.add({ kind: 'import-meta', url })]);
  if (plan.dynamicImport) variables.push([plan.dynamicImport, graph.add({ kind: 'dynamic-import', from: url })]);
  const statics = (plan.class?.privateStatics ?? []).map((name) =>
    graph.visit(privateStatics.get(name), step(path, `whose static ${name} is`)),
  );
  if (statics.length > 0) variables.push([PRIVATE_STATICS, graph.visit(undefined, path)]);
  const methods = plan.class?.methodTexts ?? new Set<string>();
  const node: CodeNode = {
    kind: 'code',
    form: plan.source.form,
    name: nameOf(fn),
    text: '',
    ...plan.position,
    strict: plan.source.strict,
    ...(plan.ownName === undefined ? {} : { ownName: plan.ownName }),
    variables,
    eager: plan.eager,
    properties: captureProperties(graph, fn, addedKeys(fn, FUNCTION_KEYS, methods), path),
    ...changedPrototype(graph, fn, plan, methods, path),
    ...(statics.length > 0 ? { privateStatics: statics } : {}),
  };
  graph.nodes[ref] = node;
  registerCode(graph, { ref, plan, changing });
}

/** Fill in the texts once all functions are known. */
function registerCode(graph: CaptureGraph, code: CodeUnderWay): void {
  let all = codeUnderWay.get(graph);
  if (!all) {
    const started: CodeUnderWay[] = [];
    all = started;
    codeUnderWay.set(graph, started);
    graph.atEnd(() => {
      const cells = shareCells(graph, started);
      for (const { ref, plan } of started) {
        const shared = cells.get(ref) ?? [];
        graph.nodes[ref] = { ...(graph.nodes[ref] as CodeNode), text: textOf(plan, shared) };
      }
    });
  }
  all.push(code);
}

const functionText = Function.prototype.toString;

function isOwnMethod(property: PropertyDescriptor, methods: ReadonlySet<string>): boolean {
  const functions = [property.value, property.get, property.set].filter((one) => typeof one === 'function');
  return functions.length > 0 && functions.every((one) => methods.has(functionText.call(one)));
}

/** Own keys that evaluating the text does not bring about. */
function addedKeys(holder: object, except: ReadonlySet<PropertyKey>, methods: ReadonlySet<string>): PropertyKey[] {
  return Reflect.ownKeys(holder).filter(
    (key) => !except.has(key) && !isOwnMethod(Object.getOwnPropertyDescriptor(holder, key)!, methods),
  );
}

const PROTOTYPE_KEYS = new Set<PropertyKey>(['constructor']);

/** What was changed on the prototype object since the function was made. */
function changedPrototype(
  graph: CaptureGraph,
  fn: object,
  plan: FunctionPlan,
  methods: ReadonlySet<string>,
  path: CapturePath,
): Pick<CodeNode, 'prototype'> {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  const { form, syntax } = plan.source;
  if (typeof prototype !== 'object' || prototype === null) return {};
  if (
    (form !== 'class' && form !== 'declaration' && form !== 'expression') ||
    ('generator' in syntax && syntax.generator)
  )
    return {};
  const here = step(path, 'whose prototype is an object');
  const properties = captureProperties(graph, prototype, addedKeys(prototype, PROTOTYPE_KEYS, methods), here);
  const parent: object | null = Object.getPrototypeOf(prototype);
  const usual = form === 'class' || parent === Object.prototype;
  if (usual && properties.length === 0) return {};
  return {
    prototype: {
      properties,
      ...(usual || !parent ? {} : { inherits: graph.visit(parent, step(here, 'which inherits from')) }),
    },
  };
}
