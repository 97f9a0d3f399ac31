import type { SchedulerState } from './state.ts';
import { isActive, isWanted, STATE, stateName, type Task, titleOf } from './task.ts';

function check(truth: boolean, task: Task, what: string): void {
  if (!truth) throw new Error(`scheduler invariant broken: ${titleOf(task)} (${task.id}, ${stateName(task)}): ${what}`);
}

/** Throws at the first contradiction in the state. Takes time in proportion to everything there is. */
export function validate(s: SchedulerState): void {
  const queued = new Map<object, number>();
  const used = new Map<object, number>();
  for (const task of s.tasks.values()) {
    checkTask(s, task);
    checkEdges(s, task);
    if (task.submission === null) continue;
    const { placement, fn } = task.submission;
    used.set(placement, (used.get(placement) ?? 0) + 1);
    check(s.classes.get(placement.id) === placement, task, 'its class is not known');
    check(s.functions.get(fn.hash) === fn, task, 'its function is not known');
    if (task.state === STATE.QUEUED) queued.set(placement, (queued.get(placement) ?? 0) + 1);
  }
  for (const placement of s.classes.values()) {
    if (placement.queued !== (queued.get(placement) ?? 0)) throw new Error(`class ${placement.id}: queued is wrong`);
    if (placement.tasks !== (used.get(placement) ?? 0)) throw new Error(`class ${placement.id}: tasks is wrong`);
  }
  for (const [key, task] of s.keys) check(s.tasks.get(task.id) === task && task.key === key, task, `keys has ${key}`);
  for (const client of s.clients.values()) {
    for (const [number, task] of client.futures.entries()) {
      check(s.tasks.get(task.id) === task, task, `client ${client.id} has it as ${number}, but it is forgotten`);
      check(task.client !== null, task, 'a client has it, but it is not wanted');
      check(task.state !== STATE.RELEASED, task, 'it is wanted, but released');
    }
  }
  checkWorkers(s);
  checkLeases(s);
}

/** What has or waits for a lease runs. */
function checkLeases({ tasks, coordination }: SchedulerState): void {
  const { leases, semaphores, multiLocks } = coordination;
  const waiting = [...semaphores.values(), multiLocks].flatMap((one) => one.waiting);
  for (const id of [...leases.tasks(), ...waiting]) {
    if (id !== undefined && !coordination.asked.has(id)) throw new Error(`task ${id} has or waits for a lease unseen`);
  }
  for (const id of coordination.asked) {
    if (tasks.get(id)?.state !== STATE.PROCESSING) throw new Error(`task ${id} has asked for leases, but does not run`);
  }
}

function checkTask(s: SchedulerState, task: Task): void {
  const { state } = task;
  const group = task.rare?.group;
  check(state !== STATE.FORGOTTEN, task, 'it is in the table');
  check(state === STATE.PROCESSING ? task.worker !== null : task.worker === null, task, 'worker and state differ');
  if (task.worker !== null && !group) check(task.worker.tasks[task.slot] === task, task, 'its worker does not have it');
  check((state === STATE.ERRED) === Boolean(state === STATE.ERRED && task.rare?.blame), task, 'no blame');
  if (state === STATE.MEMORY) check(task.blob !== null || task.holders.length > 0, task, 'nobody has the data');
  else if (!group) check(task.blob === null && task.holders.length === 0, task, 'data is left');
  for (const holder of task.holders) {
    check(holder.data.has(task) && s.workers.get(holder.rank) === holder, task, 'a holder does not have it');
  }
  check(state !== STATE.WAITING || task.missing > 0 || task.submission === null, task, 'it waits for nothing');
  check(task.pins >= 0, task, 'negative pins');
  const needed = isWanted(task) || task.waiters > 0;
  check(needed || (state !== STATE.MEMORY && !isActive(task)), task, 'nobody needs it');
  check(needed || task.dependentCount > 0, task, 'it should be forgotten');
}

function checkEdges(s: SchedulerState, task: Task): void {
  let missing = 0;
  for (const dependency of task.dependencies) {
    check(s.tasks.get(dependency.id) === dependency, task, 'a dependency is forgotten');
    check(dependency.dependents!.includes(task), task, 'a dependency does not know it');
    if (dependency.state === STATE.MEMORY) continue;
    missing++;
    if (task.state === STATE.WAITING) check(isActive(dependency), task, `waits for a ${stateName(dependency)} task`);
  }
  if (task.state === STATE.WAITING) check(missing === task.missing, task, `missing is ${task.missing}, not ${missing}`);
  if (task.state === STATE.QUEUED) check(missing === 0, task, 'it is queued without its dependencies');
  let dependents = 0;
  let waiters = 0;
  for (const dependent of task.dependents ?? []) {
    if (dependent.state === STATE.FORGOTTEN) continue;
    dependents++;
    if (isActive(dependent)) waiters++;
  }
  check(dependents === task.dependentCount, task, `dependentCount is ${task.dependentCount}, not ${dependents}`);
  check(waiters === task.waiters, task, `waiters is ${task.waiters}, not ${waiters}`);
}

function checkWorkers(s: SchedulerState): void {
  for (const worker of s.workers.values()) {
    const used: Record<string, number> = {};
    let bytes = 0;
    for (const task of [...worker.tasks, ...worker.groups]) {
      check(task.state === STATE.PROCESSING, task, `worker ${worker.name} has it`);
      for (const [name, amount] of task.submission!.placement.resources) used[name] = (used[name] ?? 0) + amount;
    }
    for (const task of worker.data) {
      check(task.holders.includes(worker), task, `worker ${worker.name} stores it, but is no holder`);
      bytes += task.nbytes;
    }
    if (bytes !== worker.bytes) throw new Error(`worker ${worker.name}: bytes is ${worker.bytes}, not ${bytes}`);
    for (const [name, amount] of Object.entries(worker.resources)) {
      if (Math.abs(worker.free[name]! + (used[name] ?? 0) - amount) > 1e-3 || worker.free[name]! < 0) {
        throw new Error(`worker ${worker.name}: ${worker.free[name]} of ${amount} ${name} free, ${used[name]} used`);
      }
    }
  }
}
