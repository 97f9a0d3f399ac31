import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { FrameWriter } from '../src/link/frame-writer.ts';
import { headerOf } from './frame-job.ts';

test.each([
  ['late', false],
  ['late, and what was collected meanwhile at once', true],
])('a socket that takes a frame %s is told to be free once everything has left', async (_how, thenAtOnce) => {
  let writes = 0;
  const taken = (done: () => void): void => {
    if (writes++ > 0 && thenAtOnce) done();
    else setImmediate(done);
  };
  const socket = new Writable({
    write: (_chunk, _encoding, done) => taken(done),
    writev: (_chunks, done) => taken(done),
  });
  const heard: { blocked: boolean; idle: boolean }[] = [];
  const writer: FrameWriter = new FrameWriter({
    atEndOfTick: (itself) => process.nextTick(() => itself.endTick()),
    blocked: (blocked) => heard.push({ blocked, idle: writer.idle }),
  });
  writer.attach(socket as Socket);
  void writer.send(headerOf(0, 0), undefined);
  void writer.send(headerOf(1, 0), undefined);
  await writer.flushed();
  expect(heard.at(-1)).toEqual({ blocked: false, idle: true });
  expect(heard.filter(({ blocked }) => blocked)).toHaveLength(thenAtOnce ? 1 : 2);
});
