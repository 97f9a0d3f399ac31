// Preloaded into every Node rank that an MPI's launcher starts. MPI_Abort ends all ranks before the one that called it has
// ended, so each says with which status it leaves before its other exit handlers run.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const { PAR_RUN_DIRECTORY: directory, OMPI_COMM_WORLD_RANK, PMIX_RANK, PMI_RANK } = process.env;
const rank = OMPI_COMM_WORLD_RANK ?? PMIX_RANK ?? PMI_RANK;

function report(code: number): void {
  let control: number;
  try {
    // Does not wait for a reader: without one, par is gone and nobody wants to know.
    control = openSync(`${directory}/control`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return;
  }
  // The process's number, because child processes of a rank may have inherited this preload.
  writeSync(control, `exit ${rank} ${process.pid} ${code}\n`);
  closeSync(control);
}

if (isMainThread && directory !== undefined && rank !== undefined) process.on('exit', report);
