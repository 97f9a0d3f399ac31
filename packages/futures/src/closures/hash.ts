import type { Hash } from 'node:crypto';
import type { ShippedNode } from './description.ts';
import { classify, eachInside } from './plain-data.ts';

const textDigests = new Map<string, string>();
const REMEMBERED_TEXTS = 4096;

const sha256 = (data: string | Uint8Array): string => process.getBuiltinModule('node:crypto').hash('sha256', data);

/** Digest of a long string that is hashed again and again, such as a function's text. */
function digestOfText(text: string): string {
  let digest = textDigests.get(text);
  if (digest === undefined) {
    digest = sha256(text);
    if (textDigests.size >= REMEMBERED_TEXTS) textDigests.clear();
    textDigests.set(text, digest);
  }
  return digest;
}

/** Feeds values to SHA-256 in a form where different values never read the same. */
class CanonicalHash {
  #hash: Hash | undefined;
  #pending: string[] = [];
  #pendingLength = 0;
  readonly #seen = new Map<object, number>();

  text(text: string): void {
    this.#pending.push(text);
    this.#pendingLength += text.length;
    if (this.#pendingLength > 65_536) this.#flush();
  }

  #flush(): void {
    this.#hash ??= process.getBuiltinModule('node:crypto').createHash('sha256');
    this.#hash.update(this.#bytesPending());
    this.#pending = [];
    this.#pendingLength = 0;
  }

  /** UTF-16, so that lone surrogates stay distinct. */
  #bytesPending(): Buffer {
    return Buffer.from(this.#pending.join(''), 'utf16le');
  }

  bytes(view: ArrayBufferView | ArrayBuffer): void {
    this.text(`b${view.byteLength}:`);
    this.#flush();
    this.#hash!.update(
      view instanceof ArrayBuffer
        ? new Uint8Array(view)
        : new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    );
  }

  #primitive(value: unknown): void {
    if (typeof value === 'string') this.text(`s${value.length}:${value}`);
    else if (Object.is(value, -0)) this.text('n-0;');
    else this.text(`${typeof value === 'bigint' ? 'i' : 'n'}${String(value)};`);
  }

  /** Hash plain data; containers are numbered when first seen, so sharing and cycles count. */
  value(root: unknown): void {
    const pending: unknown[] = [root];
    const insides: unknown[] = [];
    while (pending.length > 0) {
      const value = pending.pop();
      if (typeof value !== 'object' || value === null) {
        this.#primitive(value);
        continue;
      }
      const number = this.#seen.get(value);
      if (number !== undefined) {
        this.text(`r${number};`);
        continue;
      }
      this.#seen.set(value, this.#seen.size);
      const kind = classify(value);
      if (kind === 'leaf') this.#leaf(value);
      else {
        if (kind === 'object') this.text(`o${JSON.stringify(Object.keys(value))}`);
        insides.length = 0;
        eachInside(value, kind, (inside) => insides.push(inside));
        this.text(`${kind}${insides.length};`);
        for (let index = insides.length - 1; index >= 0; index -= 1) pending.push(insides[index]);
      }
    }
  }

  #leaf(value: object): void {
    if (ArrayBuffer.isView(value)) {
      // Views of one buffer stay views of one buffer.
      const shared = this.#seen.get(value.buffer);
      if (shared === undefined) this.#seen.set(value.buffer, this.#seen.size);
      else this.text(`v${shared},${value.byteOffset};`);
      this.text(`${value.constructor.name};`);
      this.bytes(value);
    } else if (value instanceof ArrayBuffer) this.bytes(value);
    else this.text(`d${(value as Date).getTime()};`);
  }

  digest(): string {
    if (!this.#hash) return sha256(this.#bytesPending());
    this.#flush();
    return this.#hash.digest('hex');
  }
}

/** SHA-256 of a description: equal for equal code with equal captured values. */
export function hashDescription(root: number, nodes: readonly ShippedNode[], values: readonly unknown[]): string {
  const hash = new CanonicalHash();
  const shown = nodes.map((node) => (node.kind === 'code' ? { ...node, text: digestOfText(node.text) } : node));
  hash.text(`par closures 1;${root};${JSON.stringify(shown)}`);
  for (const value of values) hash.value(value);
  return hash.digest();
}
