/* The same measurements as bench.ts, in C over the MPI it is compiled with. Prints: name bytes microseconds */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int repetitions(long bytes) {
  if (bytes <= 1024) return 2000;
  if (bytes <= 65536) return 1000;
  if (bytes <= 1048576) return 400;
  return bytes <= 16777216 ? 50 : 6;
}

static void report(const char *name, long bytes, double *samples, int n, double divisor) {
  if (rank != 0) return;
  qsort(samples, n, sizeof *samples, compare);
  printf("%s %ld %.3f\n", name, bytes, samples[n / 2] * 1e6 / divisor);
  fflush(stdout);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  long largest = argc > 1 ? atol(argv[1]) : 67108864;
  char *a = malloc(largest * size), *b = malloc(largest * size);
  memset(a, 1, largest * size);
  memset(b, 0, largest * size);
  double *samples = malloc(sizeof(double) * 4096);

  for (long bytes = 8; bytes <= largest; bytes *= 8) {
    int n = repetitions(bytes), warm = n / 2 + 2;
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = -warm; i < n && rank < 2; i++) {
      double start = MPI_Wtime();
      if (rank == 0) {
        MPI_Send(a, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(b, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      } else {
        MPI_Recv(b, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(a, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
      }
      if (i >= 0) samples[i] = MPI_Wtime() - start;
    }
    report("pingpong", bytes, samples, n, 2);
  }

  enum { BURST = 1000, ROUNDS = 20 };
  for (int round = -2; round < ROUNDS; round++) {
    static MPI_Request requests[BURST];
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    if (rank == 0) {
      for (int i = 0; i < BURST; i++) MPI_Isend(a + 8 * i, 8, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &requests[i]);
      MPI_Waitall(BURST, requests, MPI_STATUSES_IGNORE);
      MPI_Recv(b, 8, MPI_BYTE, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
      for (int i = 0; i < BURST; i++) MPI_Irecv(b + 8 * i, 8, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &requests[i]);
      MPI_Waitall(BURST, requests, MPI_STATUSES_IGNORE);
      MPI_Send(a, 8, MPI_BYTE, 0, 2, MPI_COMM_WORLD);
    }
    if (round >= 0) samples[round] = MPI_Wtime() - start;
  }
  report("rate", 8, samples, ROUNDS, BURST);

  for (int which = 0; which < 3; which++) {
    static const char *names[] = {"allreduce", "bcast", "alltoall"};
    for (long bytes = 8; bytes <= largest / 4; bytes *= 8) {
      int n = repetitions(bytes) / 2 + 1, warm = n + 2;
      for (int i = -warm; i < n; i++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        if (which == 0) MPI_Allreduce(a, b, bytes / 8, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        else if (which == 1) MPI_Bcast(a, bytes, MPI_BYTE, 0, MPI_COMM_WORLD);
        else MPI_Alltoall(a, bytes, MPI_BYTE, b, bytes, MPI_BYTE, MPI_COMM_WORLD);
        double mine = MPI_Wtime() - start, slowest;
        MPI_Reduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
        if (i >= 0) samples[i] = slowest;
      }
      report(names[which], bytes, samples, n, 1);
    }
  }
  MPI_Finalize();
  return 0;
}
