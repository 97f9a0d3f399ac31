import type { AnyNode, Identifier, Pattern, Program } from 'acorn';
import type { Binding, Feature, LexicalAnalysis, LexicalScope, Reference } from './bindings.ts';
import { lookUp } from './bindings.ts';
import { childrenOf } from './syntax-tree.ts';

interface Context {
  readonly scope: LexicalScope;
  /** Where `var` goes. */
  readonly functionScope: LexicalScope;
  readonly thisOwner: AnyNode;
  readonly superOwner: AnyNode;
  readonly classes: readonly AnyNode[];
  readonly loop: boolean;
}

/** Resolve every name of a program to its declaration, and find who owns each `this`, `super` and private name. */
export function analyseScopes(program: Program): LexicalAnalysis {
  const references: Reference[] = [];
  const features: Feature[] = [];
  const parents = new Map<AnyNode, AnyNode>();
  const writesByDeclaration: { scope: LexicalScope; name: string }[] = [];
  const declaredPrivates = new Map<AnyNode, Set<string>>();

  function declare(scope: LexicalScope, name: string, kind: Binding['kind'], declaration: AnyNode): void {
    const known = scope.bindings.get(name);
    if (!known) scope.bindings.set(name, { name, kind, scope, declaration, writes: 0 });
    else if (known.kind !== 'self') known.writes += 1;
    else scope.bindings.set(name, { name, kind, scope, declaration, writes: 0 });
  }

  /** Declare the names of a pattern; visit its defaults and computed keys. */
  function declarePattern(
    pattern: Pattern | AnyNode,
    into: LexicalScope,
    kind: Binding['kind'],
    declaration: AnyNode,
    context: Context,
    alsoWrites: boolean,
  ): void {
    switch (pattern.type) {
      case 'Identifier':
        declare(into, pattern.name, kind, declaration);
        if (alsoWrites) writesByDeclaration.push({ scope: into, name: pattern.name });
        break;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            declarePattern(property.argument, into, kind, declaration, context, alsoWrites);
          } else {
            if (property.computed) visit(property.key, context);
            declarePattern(property.value, into, kind, declaration, context, alsoWrites);
          }
        }
        break;
      case 'ArrayPattern':
        for (const element of pattern.elements) {
          if (element) declarePattern(element, into, kind, declaration, context, alsoWrites);
        }
        break;
      case 'RestElement':
        declarePattern(pattern.argument, into, kind, declaration, context, alsoWrites);
        break;
      case 'AssignmentPattern':
        visit(pattern.right, context);
        declarePattern(pattern.left, into, kind, declaration, context, alsoWrites);
        break;
      default:
        visit(pattern as AnyNode, context);
    }
  }

  function refer(node: Identifier, context: Context, write: boolean, shorthand = false, called = false): void {
    if (node.name === 'arguments') {
      features.push({ kind: 'arguments', node, owner: context.thisOwner });
      return;
    }
    references.push({ node, scope: context.scope, write, shorthand, called, binding: undefined });
  }

  /** Visit an assignment target. */
  function assign(target: AnyNode, context: Context, shorthand = false): void {
    switch (target.type) {
      case 'Identifier':
        refer(target, context, true, shorthand);
        break;
      case 'ObjectPattern':
        for (const property of target.properties) {
          if (property.type === 'RestElement') assign(property.argument, context);
          else {
            if (property.computed) visit(property.key, context);
            assign(property.value, context, property.shorthand);
          }
        }
        break;
      case 'ArrayPattern':
        for (const element of target.elements) if (element) assign(element, context);
        break;
      case 'RestElement':
        assign(target.argument, context);
        break;
      case 'AssignmentPattern':
        assign(target.left, context, shorthand);
        visit(target.right, context);
        break;
      default:
        visit(target, context);
    }
  }

  function inner(context: Context, node: AnyNode, more: Partial<Context> = {}): Context {
    const scope: LexicalScope = { node, parent: context.scope, bindings: new Map() };
    return { ...context, scope, ...more };
  }

  function visitFunction(
    node: Extract<AnyNode, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>,
    context: Context,
  ): void {
    const arrow = node.type === 'ArrowFunctionExpression';
    let outer = context;
    if (node.type === 'FunctionExpression' && node.id) {
      outer = inner(context, node);
      declare(outer.scope, node.id.name, 'self', node);
    }
    const scope: LexicalScope = { node, parent: outer.scope, bindings: new Map() };
    const body: Context = {
      ...outer,
      scope,
      functionScope: scope,
      loop: false,
      thisOwner: arrow ? context.thisOwner : node,
    };
    for (const parameter of node.params) declarePattern(parameter, scope, 'parameter', node, body, false);
    if (node.body.type === 'BlockStatement') for (const statement of node.body.body) visit(statement, body);
    else visit(node.body as AnyNode, body);
  }

  function visitClass(
    node: Extract<AnyNode, { type: 'ClassDeclaration' | 'ClassExpression' }>,
    context: Context,
  ): void {
    const privates = new Set<string>();
    for (const member of node.body.body) {
      if (member.type !== 'StaticBlock' && member.key.type === 'PrivateIdentifier') privates.add(member.key.name);
    }
    declaredPrivates.set(node, privates);
    const within = inner(context, node, { classes: [...context.classes, node] });
    if (node.id) declare(within.scope, node.id.name, 'self', node);
    if (node.superClass) visit(node.superClass, within);
    for (const member of node.body.body) {
      parents.set(member, node);
      const home = { ...within, superOwner: node };
      if (member.type === 'StaticBlock') {
        const block = inner(home, member, { thisOwner: member });
        const body = { ...block, functionScope: block.scope };
        for (const statement of member.body) visit(statement, body);
        continue;
      }
      if (member.computed) visit(member.key as AnyNode, within);
      if (!member.value) continue;
      parents.set(member.value, member);
      if (member.type === 'MethodDefinition') visitFunction(member.value, home);
      else {
        const field = inner(home, member, { thisOwner: member });
        visit(member.value, { ...field, functionScope: field.scope });
      }
    }
  }

  function visitObject(node: Extract<AnyNode, { type: 'ObjectExpression' }>, context: Context): void {
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') {
        visit(property.argument, context);
        continue;
      }
      parents.set(property, node);
      parents.set(property.value, property);
      if (property.computed) visit(property.key, context);
      if (property.shorthand && property.value.type === 'Identifier') refer(property.value, context, false, true);
      else if (property.method || property.kind !== 'init') visit(property.value, { ...context, superOwner: node });
      else visit(property.value, context);
    }
  }

  function visitDeclaration(node: Extract<AnyNode, { type: 'VariableDeclaration' }>, context: Context): void {
    const isVar = node.kind === 'var';
    const kind = isVar ? 'var' : node.kind === 'let' ? 'let' : 'const';
    for (const declarator of node.declarations) {
      parents.set(declarator, node);
      if (declarator.init) parents.set(declarator.init, declarator);
      const again = isVar && (context.loop || !declarator.init);
      declarePattern(declarator.id, isVar ? context.functionScope : context.scope, kind, declarator, context, again);
      if (declarator.init) visit(declarator.init, context);
    }
  }

  function visitAll(nodes: readonly AnyNode[], context: Context): void {
    for (const node of nodes) visit(node, context);
  }

  function visit(node: AnyNode, context: Context): void {
    switch (node.type) {
      case 'Identifier':
        refer(node, context, false);
        break;
      case 'FunctionDeclaration':
        if (node.id) declare(context.scope, node.id.name, 'function', node);
        visitFunction(node as Extract<AnyNode, { type: 'FunctionDeclaration' }>, context);
        break;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        visitFunction(node, context);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.type === 'ClassDeclaration' && node.id) declare(context.scope, node.id.name, 'class', node);
        visitClass(node as Extract<AnyNode, { type: 'ClassDeclaration' }>, context);
        break;
      case 'VariableDeclaration':
        visitDeclaration(node, context);
        break;
      case 'ObjectExpression':
        visitObject(node, context);
        break;
      case 'BlockStatement':
        visitAll(node.body, inner(context, node));
        break;
      case 'SwitchStatement': {
        visit(node.discriminant, context);
        visitAll(node.cases, inner(context, node));
        break;
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        visitLoop(node, context);
        break;
      case 'WhileStatement':
      case 'DoWhileStatement':
        visitAll(childrenOf(node), { ...context, loop: true });
        break;
      case 'CatchClause': {
        const body = inner(context, node);
        if (node.param) declarePattern(node.param, body.scope, 'catch', node, body, false);
        visit(node.body, body);
        break;
      }
      case 'AssignmentExpression':
        assign(node.left as AnyNode, context);
        parents.set(node.right, node);
        visit(node.right, context);
        break;
      case 'UpdateExpression':
        assign(node.argument, context);
        break;
      case 'CallExpression':
        if (node.callee.type === 'Identifier') {
          if (node.callee.name === 'eval') features.push({ kind: 'eval', node, owner: program });
          refer(node.callee, context, false, false, true);
        } else if (node.callee.type === 'Super') {
          features.push({ kind: 'super', node: node.callee, owner: context.superOwner });
        } else visit(node.callee, context);
        for (const argument of node.arguments) parents.set(argument, node);
        visitAll(node.arguments, context);
        break;
      case 'TaggedTemplateExpression':
        if (node.tag.type === 'Identifier') refer(node.tag, context, false, false, true);
        else visit(node.tag, context);
        visit(node.quasi, context);
        break;
      case 'ThisExpression':
        features.push({ kind: 'this', node, owner: context.thisOwner });
        break;
      case 'Super':
        features.push({ kind: 'super', node, owner: context.superOwner });
        break;
      case 'MetaProperty': {
        const meta = node.meta.name === 'import';
        features.push({ kind: meta ? 'import.meta' : 'new.target', node, owner: meta ? program : context.thisOwner });
        break;
      }
      case 'ImportExpression':
        features.push({ kind: 'import()', node, owner: program });
        visit(node.source, context);
        if (node.options) visit(node.options, context);
        break;
      case 'WithStatement':
        features.push({ kind: 'with', node, owner: program });
        visitAll(childrenOf(node), context);
        break;
      case 'PrivateIdentifier': {
        const owner = context.classes.findLast((one) => declaredPrivates.get(one)?.has(node.name));
        features.push({ kind: 'private', node, owner: owner ?? program });
        break;
      }
      case 'MemberExpression':
        visit(node.object, context);
        if (node.computed || node.property.type === 'PrivateIdentifier') visit(node.property as AnyNode, context);
        break;
      case 'ImportDeclaration':
        for (const specifier of node.specifiers) {
          parents.set(specifier, node);
          declare(context.scope, specifier.local.name, 'import', specifier);
        }
        break;
      case 'ExportNamedDeclaration':
        if (node.declaration) {
          parents.set(node.declaration, node);
          visit(node.declaration as AnyNode, context);
        }
        break;
      case 'ExportDefaultDeclaration':
        parents.set(node.declaration as AnyNode, node);
        visit(node.declaration as AnyNode, context);
        break;
      case 'ExportAllDeclaration':
        break;
      case 'LabeledStatement':
        visit(node.body, context);
        break;
      case 'BreakStatement':
      case 'ContinueStatement':
        break;
      default:
        visitAll(childrenOf(node), context);
    }
  }

  function visitLoop(
    node: Extract<AnyNode, { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' }>,
    context: Context,
  ): void {
    const body = inner(context, node, { loop: true });
    if (node.type === 'ForStatement') {
      if (node.init) visit(node.init as AnyNode, { ...body, loop: context.loop });
      visitAll(
        [node.test, node.update, node.body].filter((part) => part !== null && part !== undefined),
        body,
      );
      return;
    }
    if (node.left.type === 'VariableDeclaration') visit(node.left, body);
    else assign(node.left as AnyNode, body);
    visit(node.right, context);
    visit(node.body, body);
  }

  const top: LexicalScope = { node: program, parent: undefined, bindings: new Map() };
  visitAll(program.body as AnyNode[], {
    scope: top,
    functionScope: top,
    thisOwner: program,
    superOwner: program,
    classes: [],
    loop: false,
  });
  for (const reference of references) {
    reference.binding = lookUp(reference.scope, reference.node.name);
    if (reference.write && reference.binding) reference.binding.writes += 1;
  }
  for (const { scope, name } of writesByDeclaration) scope.bindings.get(name)!.writes += 1;
  references.sort((a, b) => a.node.start - b.node.start);
  return { program, top, references, features, parents };
}
