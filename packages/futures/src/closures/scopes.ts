import type { Session } from 'node:inspector';

/** Where V8 says a function begins: the parenthesis of its parameters, the start of an arrow, the `class` keyword. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

/** Variables of one scope by name, as they were when read. Reading one that is not initialised yet throws. */
export type ScopeValues = object;

/** What the inspector tells about one function. */
export type FunctionView =
  | { readonly kind: 'bound'; readonly target: unknown; readonly receiver: unknown; readonly args: readonly unknown[] }
  | {
      readonly kind: 'plain';
      /** Undefined for functions without JavaScript source. */
      readonly location: FunctionLocation | undefined;
      /** Innermost first, without the global scope. */
      readonly scopes: readonly ScopeValues[];
      /** `static #private` fields of a class. */
      readonly privateStatics: ReadonlyMap<string, unknown>;
    };

/** What `Debugger.scriptParsed` says of one script. */
export interface ScriptHeader {
  readonly scriptId: string;
  readonly url: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly isModule: boolean;
  readonly sourceMapURL: string;
}

interface RemoteValue {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
}
interface RemoteProperty {
  readonly name: string;
  readonly enumerable?: boolean;
  readonly value?: RemoteValue;
}
interface RemoteProperties {
  readonly result: readonly RemoteProperty[];
  readonly internalProperties?: readonly RemoteProperty[];
  readonly privateProperties?: readonly RemoteProperty[];
}

const GROUP = 'par-closures';
const EXCHANGE = Symbol.for('par.closures.exchange');

/** The inspector addresses values by id; this object, known to both sides, carries the values themselves. */
const exchange: { given: unknown; taken: unknown } = { given: undefined, taken: undefined };
let session: Session | undefined;
let exchangeId = '';

function post<T>(method: string, params: object): T {
  let failure: Error | null = null;
  let answer: unknown;
  session!.post(method, params, (error, result) => {
    failure = error;
    answer = result;
  });
  if (failure) throw new Error(`the V8 inspector refused ${method}: ${JSON.stringify(failure)}`);
  return answer as T;
}

function connect(): void {
  session = new (process.getBuiltinModule('node:inspector').Session)();
  session.connect();
  Object.defineProperty(globalThis, EXCHANGE, { value: exchange, configurable: true });
  try {
    const found = post<{ result: RemoteValue }>('Runtime.evaluate', {
      expression: "globalThis[Symbol.for('par.closures.exchange')]",
    });
    exchangeId = found.result.objectId!;
  } finally {
    Reflect.deleteProperty(globalThis, EXCHANGE);
  }
}

function idOf(value: unknown): string {
  exchange.given = value;
  try {
    return post<{ result: { objectId: string } }>('Runtime.callFunctionOn', {
      objectId: exchangeId,
      functionDeclaration: 'function () { return this.given; }',
      objectGroup: GROUP,
    }).result.objectId;
  } finally {
    exchange.given = undefined;
  }
}

function takeAll(remote: readonly RemoteValue[]): unknown[] {
  if (remote.length === 0) return [];
  post('Runtime.callFunctionOn', {
    objectId: exchangeId,
    functionDeclaration: 'function (...values) { this.taken = values; }',
    arguments: remote.map(({ objectId, value, unserializableValue }) =>
      objectId !== undefined ? { objectId } : unserializableValue !== undefined ? { unserializableValue } : { value },
    ),
    returnByValue: true,
  });
  const taken = exchange.taken as unknown[];
  exchange.taken = undefined;
  return taken;
}

function properties(objectId: string): RemoteProperties {
  return post<RemoteProperties>('Runtime.getProperties', { objectId, ownProperties: true });
}

/** Read a function's location, scopes and binding through the V8 inspector, synchronously. */
export function viewFunction(fn: object): FunctionView {
  if (!session) connect();
  try {
    const { internalProperties = [], privateProperties = [] } = properties(idOf(fn));
    const internal = new Map(internalProperties.map((property) => [property.name, property.value]));
    if (internal.has('[[TargetFunction]]')) {
      const [target, receiver, args] = takeAll([
        internal.get('[[TargetFunction]]') ?? {},
        internal.get('[[BoundThis]]') ?? {},
        internal.get('[[BoundArgs]]') ?? {},
      ]);
      return { kind: 'bound', target, receiver, args: Array.from(args as ArrayLike<unknown>) };
    }
    const scopesId = internal.get('[[Scopes]]')?.objectId;
    const listed = scopesId === undefined ? [] : properties(scopesId).result.filter((entry) => entry.enumerable);
    const fields = privateProperties.filter((field) => field.value !== undefined);
    const taken = takeAll([...listed, ...fields].map((entry) => entry.value ?? {}));
    const scopes = (taken.slice(0, listed.length) as { description: string; object: object }[])
      .filter((entry) => entry.description !== 'Global')
      .map((entry) => entry.object);
    const location = internal.get('[[FunctionLocation]]')?.value as
      | { scriptId: string; lineNumber: number; columnNumber: number }
      | undefined;
    return {
      kind: 'plain',
      location: location && { scriptId: location.scriptId, line: location.lineNumber, column: location.columnNumber },
      scopes,
      privateStatics: new Map(fields.map((field, index) => [field.name, taken[listed.length + index]])),
    };
  } finally {
    post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  }
}

/** Calls back with the headers of all scripts. The debugger is on only while this runs: left on it slows the program. */
function withScripts<T>(read: (headers: ReadonlyMap<string, ScriptHeader>) => T): T {
  if (!session) connect();
  const headers = new Map<string, ScriptHeader>();
  const listen = ({ params }: { params: ScriptHeader }): void => {
    headers.set(params.scriptId, params);
  };
  session!.on('Debugger.scriptParsed', listen as (message: object) => void);
  try {
    post('Debugger.enable', {});
    return read(headers);
  } finally {
    post('Debugger.disable', {});
    session!.removeListener('Debugger.scriptParsed', listen as (message: object) => void);
  }
}

/** Header and source text of a script. */
export function readScript(scriptId: string): { header: ScriptHeader; source: string } | undefined {
  return withScripts((headers) => {
    const header = headers.get(scriptId);
    if (!header) return undefined;
    return { header, source: post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId }).scriptSource };
  });
}

/** URLs of the modules and scripts that this process or thread has loaded. */
export function loadedUrls(): ReadonlySet<string> {
  return withScripts((headers) => new Set(Array.from(headers.values(), ({ url }) => url)));
}
