/* Rank 0 of a job whose other rank runs par: echoes buffers of every type, changed, then takes part in collectives. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>

#define N 5

#define ECHO(type, datatype, tag)                                                      \
  do {                                                                                 \
    type values[N];                                                                    \
    MPI_Status status;                                                                 \
    int count;                                                                         \
    MPI_Recv(values, N, datatype, 1, tag, MPI_COMM_WORLD, &status);                    \
    MPI_Get_count(&status, datatype, &count);                                          \
    if (count != N) failures++;                                                        \
    for (int i = 0; i < N; i++) {                                                      \
      if (values[i] != (type)(i + tag)) failures++;                                    \
      values[i] = (type)(values[i] * 2);                                               \
    }                                                                                  \
    MPI_Send(values, N, datatype, 1, tag, MPI_COMM_WORLD);                             \
    type total[N];                                                                     \
    WAIT(MPI_Iallreduce(values, total, N, datatype, MPI_SUM, MPI_COMM_WORLD, &request)); \
    for (int i = 0; i < N; i++) failures += total[i] != (type)(3 * (i + tag));         \
  } while (0)

/* Par's collectives are MPI's nonblocking forms, which never match blocking ones. */
#define WAIT(call)                          \
  do {                                      \
    MPI_Request request;                    \
    call;                                   \
    MPI_Wait(&request, MPI_STATUS_IGNORE);  \
  } while (0)

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int failures = 0;
  ECHO(int8_t, MPI_INT8_T, 1);
  ECHO(uint8_t, MPI_UINT8_T, 2);
  ECHO(int16_t, MPI_INT16_T, 3);
  ECHO(uint16_t, MPI_UINT16_T, 4);
  ECHO(int32_t, MPI_INT32_T, 5);
  ECHO(uint32_t, MPI_UINT32_T, 6);
  ECHO(int64_t, MPI_INT64_T, 7);
  ECHO(uint64_t, MPI_UINT64_T, 8);
  ECHO(float, MPI_FLOAT, 9);
  ECHO(double, MPI_DOUBLE, 10);
  ECHO(uint8_t, MPI_UINT8_T, 11);
  /* 1, 2 and -2 as half floats, which MPI has no type for. */
  uint16_t half[3];
  MPI_Recv(half, 3, MPI_UINT16_T, 1, 12, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (half[0] != 0x3c00 || half[1] != 0x4000 || half[2] != 0xc000) failures++;
  MPI_Send(half, 3, MPI_UINT16_T, 1, 12, MPI_COMM_WORLD);

  MPI_Comm world = MPI_COMM_WORLD;
  WAIT(MPI_Ibarrier(world, &request));
  int32_t told[3] = {7, 8, 9};
  WAIT(MPI_Ibcast(told, 3, MPI_INT32_T, 0, world, &request));
  WAIT(MPI_Ibcast(told, 3, MPI_INT32_T, 1, world, &request));
  if (told[0] != -7 || told[2] != -9) failures++;
  int64_t all[2] = {0, 0}, one = 100;
  WAIT(MPI_Iallgather(&one, 1, MPI_INT64_T, all, 1, MPI_INT64_T, world, &request));
  if (all[0] != 100 || all[1] != 200) failures++;
  int counts[2] = {1, 2}, displs[2] = {0, 1};
  int16_t gathered[3] = {0, 0, 0}, part = 3;
  WAIT(MPI_Igatherv(&part, 1, MPI_INT16_T, gathered, counts, displs, MPI_INT16_T, 0, world, &request));
  if (gathered[0] != 3 || gathered[1] != 4 || gathered[2] != 5) failures++;
  float scattered = 0;
  WAIT(MPI_Iscatterv(NULL, NULL, NULL, MPI_FLOAT, &scattered, 1, MPI_FLOAT, 1, world, &request));
  if (scattered != 0.5f) failures++;
  uint8_t out[2] = {10, 11}, in[2] = {0, 0};
  int ones[2] = {1, 1}, places[2] = {0, 1};
  WAIT(MPI_Ialltoallv(out, ones, places, MPI_UINT8_T, in, ones, places, MPI_UINT8_T, world, &request));
  if (in[0] != 10 || in[1] != 20) failures++;
  uint32_t top = 5, most = 0;
  WAIT(MPI_Ireduce(&top, &most, 1, MPI_UINT32_T, MPI_MAX, 0, world, &request));
  if (most != 6) failures++;
  int32_t three[3] = {1, 2, 3}, mine = 0;
  WAIT(MPI_Ireduce_scatter(three, &mine, counts, MPI_INT32_T, MPI_SUM, world, &request));
  if (mine != 11) failures++;
  double running = 1.5, before = 0;
  WAIT(MPI_Iscan(&running, &before, 1, MPI_DOUBLE, MPI_SUM, world, &request));
  if (before != 1.5) failures++;
  WAIT(MPI_Iexscan(&running, &before, 1, MPI_DOUBLE, MPI_SUM, world, &request));

  printf("foreign rank: %d failures\n", failures);
  MPI_Finalize();
  return failures > 0;
}
