// Loaded before the MPI library: it gives no threads, whatever is asked for.
#include <mpi.h>
#include <stdio.h>

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
  printf("asked for %s\n", required == MPI_THREAD_MULTIPLE ? "MPI_THREAD_MULTIPLE" : "less");
  fflush(stdout);
  return PMPI_Init_thread(argc, argv, MPI_THREAD_SINGLE, provided);
}
