/* The same measurements as rank.ts, in C: one JSON line each from rank 0, microseconds per operation. Argument: see there. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPETITIONS 21
/* In a row at least, or a broadcast is over for its root long before it has arrived. */
#define IN_A_ROW 5
static int rank, size, share = 1;
static char *a, *b;
static const char *only = "";

static int ascending(const void *x, const void *y) {
  const double d = *(const double *)x - *(const double *)y;
  return (d > 0) - (d < 0);
}

static void pingpong(int n) {
  if (rank == 0) {
    MPI_Send(a, n, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(b, n, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else if (rank == 1) {
    MPI_Recv(b, n, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Send(a, n, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
  }
}
static void rate(int n) {
  enum { WINDOW = 64 };
  MPI_Request requests[WINDOW];
  if (rank > 1) return;
  for (int i = 0; i < WINDOW; i++) {
    if (rank == 0) MPI_Isend(a, n, MPI_BYTE, 1, 0, MPI_COMM_WORLD, &requests[i]);
    else MPI_Irecv(b + i * n, n, MPI_BYTE, 0, 0, MPI_COMM_WORLD, &requests[i]);
  }
  MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
  if (rank == 1) MPI_Send(a, 1, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
  else MPI_Recv(b, 1, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
static void allreduce(int n) { MPI_Allreduce(a, b, n / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD); }
static void bcast(int n) { MPI_Bcast(a, n, MPI_BYTE, 0, MPI_COMM_WORLD); }
static void alltoall(int n) { MPI_Alltoall(a, n / size, MPI_BYTE, b, n / size, MPI_BYTE, MPI_COMM_WORLD); }
static void barrier(int n) { (void)n; MPI_Barrier(MPI_COMM_WORLD); }

static void measure(const char *name, void (*run)(int), int n, int iterations, double divisor) {
  double times[REPETITIONS];
  if (strstr(name, only) == NULL) return;
  if (iterations > IN_A_ROW * share) iterations /= share;
  else if (iterations > IN_A_ROW) iterations = IN_A_ROW;
  for (int i = 0; i < iterations / 4 + 1; i++) run(n);
  for (int k = 0; k < REPETITIONS; k++) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    for (int i = 0; i < iterations; i++) run(n);
    times[k] = (MPI_Wtime() - start) / iterations / divisor * 1e6;
  }
  qsort(times, REPETITIONS, sizeof *times, ascending);
  if (rank == 0) {
    printf("{\"name\":\"%s\",\"median\":%.4f,\"best\":%.4f,\"worst\":%.4f}\n", name, times[REPETITIONS / 2], times[0],
           times[REPETITIONS - 1]);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  if (argc > 1) only = argv[1];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  a = calloc(1, 16 << 20);
  b = calloc(1, 16 << 20);
  memset(a, 1, 16 << 20);
  if (size > sysconf(_SC_NPROCESSORS_ONLN)) share = 100;
  if (size <= 4) {
    measure("buffer 8 B one way", pingpong, 8, 5000, 2);
    measure("buffer 64 KiB one way", pingpong, 65536, 500, 2);
    measure("buffer 1 MiB one way", pingpong, 1 << 20, 50, 2);
    measure("buffer 16 MiB one way", pingpong, 16 << 20, 4, 2);
    measure("buffers 8 B, 64 in flight, each", rate, 8, 200, 64);
    measure("barrier", barrier, 0, 2000, 1);
    measure("allreduce 1 MiB", allreduce, 1 << 20, 50, 1);
    measure("bcast 8 B", bcast, 8, 2000, 1);
    measure("bcast 1 MiB", bcast, 1 << 20, 50, 1);
    measure("alltoall 64 B", alltoall, 64, 2000, 1);
    measure("alltoall 64 KiB", alltoall, 65536, 200, 1);
  }
  measure("allreduce 8 B", allreduce, 8, 2000, 1);
  MPI_Finalize();
  return 0;
}
