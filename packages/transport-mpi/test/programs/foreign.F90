! Rank 0 of a job whose other rank runs par: the same as foreign.c, in Fortran. Its unsigned kinds are the signed ones of that size.
#define WAIT call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
#define CHECK(holds) if (.not. (holds)) failures = failures + 1
#define RECEIVE(v, kind, tag) call MPI_Recv(v, 5, kind, 1, tag, world, status, ierr); call MPI_Get_count(status, kind, n, ierr)
#define VERIFY(v, tag) CHECK(n == 5 .and. all(v == [(i + tag, i = 0, 4)]))
#define ANSWER(v, kind, tag) v = v + v; call MPI_Send(v, 5, kind, 1, tag, world, ierr)
#define REDUCE(v, r, kind) call MPI_Iallreduce(v, r, 5, kind, MPI_SUM, world, request, ierr); WAIT
#define TOTAL(r, tag) CHECK(all(r == [(3 * (i + tag), i = 0, 4)]))
#define ECHO(v, r, kind, tag) RECEIVE(v, kind, tag); VERIFY(v, tag); ANSWER(v, kind, tag); REDUCE(v, r, kind); TOTAL(r, tag)

program foreign
  implicit none
  include 'mpif.h'
  integer, parameter :: world = MPI_COMM_WORLD
  integer :: failures = 0, ierr, request, n, i
  integer :: status(MPI_STATUS_SIZE)
  integer(1) :: i1(5), r1(5)
  integer(2) :: i2(5), r2(5), half(3), gathered(3), part(1)
  integer(4) :: i4(5), r4(5), told(3), three(3), one(1), most(1)
  integer(8) :: i8(5), r8(5), all8(2), hundred(1)
  real(4) :: f4(5), s4(5), scattered(1)
  real(8) :: f8(5), s8(5), running(1), before(1)
  integer(1) :: out(2), in(2)

  call MPI_Init(ierr)
  ECHO(i1, r1, MPI_INTEGER1, 1)
  ECHO(i1, r1, MPI_INTEGER1, 2)
  ECHO(i2, r2, MPI_INTEGER2, 3)
  ECHO(i2, r2, MPI_INTEGER2, 4)
  ECHO(i4, r4, MPI_INTEGER, 5)
  ECHO(i4, r4, MPI_INTEGER, 6)
  ECHO(i8, r8, MPI_INTEGER8, 7)
  ECHO(i8, r8, MPI_INTEGER8, 8)
  ECHO(f4, s4, MPI_REAL, 9)
  ECHO(f8, s8, MPI_DOUBLE_PRECISION, 10)
  ECHO(i1, r1, MPI_INTEGER1, 11)
  call MPI_Recv(half, 3, MPI_INTEGER2, 1, 12, world, status, ierr)
  CHECK(half(1) == int(z'3c00', 2) .and. half(2) == int(z'4000', 2))
  call MPI_Send(half, 3, MPI_INTEGER2, 1, 12, world, ierr)

  call MPI_Ibarrier(world, request, ierr); WAIT
  told = [7, 8, 9]
  call MPI_Ibcast(told, 3, MPI_INTEGER, 0, world, request, ierr); WAIT
  call MPI_Ibcast(told, 3, MPI_INTEGER, 1, world, request, ierr); WAIT
  CHECK(all(told == [-7, -8, -9]))
  hundred = 100
  call MPI_Iallgather(hundred, 1, MPI_INTEGER8, all8, 1, MPI_INTEGER8, world, request, ierr); WAIT
  CHECK(all(all8 == [100, 200]))
  part = 3
  call MPI_Igatherv(part, 1, MPI_INTEGER2, gathered, [1, 2], [0, 1], MPI_INTEGER2, 0, world, request, ierr); WAIT
  CHECK(all(gathered == [3, 4, 5]))
  call MPI_Iscatterv(scattered, [1, 1], [0, 1], MPI_REAL, scattered, 1, MPI_REAL, 1, world, request, ierr); WAIT
  CHECK(scattered(1) == 0.5)
  out = [10, 11]
  call MPI_Ialltoallv(out, [1, 1], [0, 1], MPI_INTEGER1, in, [1, 1], [0, 1], MPI_INTEGER1, world, request, ierr); WAIT
  CHECK(all(in == [10, 20]))
  one = 5
  call MPI_Ireduce(one, most, 1, MPI_INTEGER, MPI_MAX, 0, world, request, ierr); WAIT
  CHECK(most(1) == 6)
  three = [1, 2, 3]
  call MPI_Ireduce_scatter(three, one, [1, 2], MPI_INTEGER, MPI_SUM, world, request, ierr); WAIT
  CHECK(one(1) == 11)
  running = 1.5
  call MPI_Iscan(running, before, 1, MPI_DOUBLE_PRECISION, MPI_SUM, world, request, ierr); WAIT
  CHECK(before(1) == 1.5)
  call MPI_Iexscan(running, before, 1, MPI_DOUBLE_PRECISION, MPI_SUM, world, request, ierr); WAIT

  print '(a, i0, a)', 'foreign rank: ', failures, ' failures'
  call MPI_Finalize(ierr)
  if (failures > 0) stop 1
end program
