import type { AnyNode } from 'acorn';
import type { Range } from './free-variables.ts';
import type { ClassSyntax, FunctionSource } from './source.ts';
import { blank, type Edit } from './text-edits.ts';

/** Name through which a rebuilt class hands out the setter of its private statics. */
export const PRIVATE_STATICS = '$par$statics';
/** Name that stands for the parent class when `extends` is more than a variable. */
export const PARENT_CLASS = '$par$parent';

/** How a class's text changes so that evaluating it again has no effect besides making the class. */
export interface ClassText {
  readonly edits: readonly Edit[];
  /** Parts that are not shipped: initialisers of static fields and static blocks, whose results travel as values. */
  readonly blanked: readonly Range[];
  /** `#names` of static fields. */
  readonly privateStatics: readonly string[];
  /** Whether instances carry private members, which nothing outside the class can read or restore. */
  readonly privateInstance: boolean;
  /** Name the text has for the parent class: that of its variable, or {@link PARENT_CLASS}. */
  readonly parentName: string | undefined;
  /** Parts evaluated while the class is made. */
  readonly eager: readonly Range[];
  /** Texts of the methods on the prototype and on the class, as `toString` gives them. */
  readonly methodTexts: ReadonlySet<string>;
}

function isPrivate(key: AnyNode): boolean {
  return key.type === 'PrivateIdentifier';
}

function methodText(source: string, member: Extract<AnyNode, { type: 'MethodDefinition' }>): string {
  const text = source.slice(member.start, member.end);
  return member.static ? text.replace(/^static(?:\s|\/\*.*?\*\/)+/s, '') : text;
}

/** Plan the text of a class: blank its static state, name its parent, let private statics be restored. */
export function planClass(source: FunctionSource): ClassText {
  const syntax = source.syntax as ClassSyntax;
  const text = source.script.source;
  const edits: Edit[] = [];
  const blanked: Range[] = [];
  const eager: Range[] = [];
  const privateStatics: string[] = [];
  const methodTexts = new Set<string>();
  let privateInstance = false;

  for (const member of syntax.body.body) {
    if (member.type === 'StaticBlock') {
      blanked.push(member);
      edits.push({ start: member.start, end: member.end, text: `;${blank(text.slice(member.start + 1, member.end))}` });
      continue;
    }
    if (member.computed) eager.push(member.key);
    if (isPrivate(member.key as AnyNode) && !member.static) privateInstance = true;
    if (member.type === 'MethodDefinition') {
      methodTexts.add(methodText(text, member));
      continue;
    }
    if (!member.static) continue;
    if (isPrivate(member.key as AnyNode)) privateStatics.push(`#${(member.key as { name: string }).name}`);
    if (!member.value) continue;
    const equals = text.indexOf('=', member.key.end);
    blanked.push({ start: equals, end: member.end });
    edits.push({ start: equals, end: member.end, text: `;${blank(text.slice(equals + 1, member.end))}` });
  }

  const parent = syntax.superClass;
  const parentByValue =
    parent !== null && parent !== undefined && parent.type !== 'Identifier' && parent.type !== 'Literal';
  if (parentByValue) {
    // Parentheses around the expression are not part of its node.
    const from = text.slice(0, parent.start).lastIndexOf('extends') + 'extends'.length;
    edits.push({ start: from, end: syntax.body.start, text: ` ${PARENT_CLASS} ` });
    blanked.push({ start: from, end: syntax.body.start });
  } else if (parent) eager.push(parent);

  if (privateStatics.length > 0) {
    const names = privateStatics.map((name) => `this.${name}`).join(',');
    const close = syntax.body.end - 1;
    edits.push({ start: close, end: close, text: `static{${PRIVATE_STATICS}((v)=>{[${names}]=v})}` });
  }
  const parentName = parentByValue ? PARENT_CLASS : parent?.type === 'Identifier' ? parent.name : undefined;
  return { edits, blanked, privateStatics, privateInstance, parentName, eager, methodTexts };
}
