/** Seconds since an arbitrary moment of the past, monotonic (MPI_Wtime). Differences mean something, on one rank. */
export function wtime(): number {
  return performance.now() / 1000;
}

/** Resolution of `wtime` in seconds (MPI_Wtick). */
export function wtick(): number {
  return 1e-6;
}
