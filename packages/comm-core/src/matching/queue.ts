/** What can stand in a Queue: in one at a time. */
export interface Linked<T> {
  prev: T | undefined;
  next: T | undefined;
}

/** First in, first out, with removal from anywhere in constant time. */
export class Queue<T extends Linked<T>> {
  head: T | undefined = undefined;
  private tail: T | undefined = undefined;

  push(node: T): void {
    const tail = this.tail;
    node.prev = tail;
    if (tail === undefined) this.head = node;
    else tail.next = node;
    this.tail = node;
  }

  remove(node: T): void {
    const { prev, next } = node;
    if (prev === undefined) this.head = next;
    else prev.next = next;
    if (next === undefined) this.tail = prev;
    else next.prev = prev;
    node.prev = undefined;
    node.next = undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    let node = this.head;
    while (node !== undefined) {
      const next = node.next;
      yield node;
      node = next;
    }
  }
}
