import type { Communicator } from '../../src/comm/communicator.ts';
import { worldOf } from '../../src/comm/intracomm.ts';
import { memoryTransports } from '../../src/memory/index.ts';

/** Runs a program on `size` ranks of this process and gives what each returned. */
export async function onRanks<T>(size: number, program: (world: Communicator) => Promise<T>): Promise<T[]> {
  const transports = memoryTransports(size);
  try {
    return await Promise.all(transports.map((transport) => program(worldOf(transport))));
  } finally {
    await Promise.all(transports.map((transport) => transport.close()));
  }
}
