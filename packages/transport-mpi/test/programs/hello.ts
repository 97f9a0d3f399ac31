import { init, SUM } from '@par/comm-core';

const w = await init();
console.log(w.rank, w.size, w.transport, await w.allreduce(w.rank, SUM), await w.allgather(String(w.rank)));
const x = new Float64Array(2).fill(w.rank);
const y = new Float64Array(2);
await w.allreduceInto(x, y, SUM);
console.log(y);
