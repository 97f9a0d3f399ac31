// Which algorithm Open MPI's MPI_Iallreduce takes. For two or three ranks it reduces to one and broadcasts, whatever the size.
#pragma once

#include <mpi.h>

#include <cstddef>

namespace par {

// Whether a ring is faster (bench/run.ts, allreduce 1 MiB: half the time at 2 and at 4 ranks). The same on all ranks. False where
// the library has no such choice.
bool RingIsFaster(size_t bytes, size_t elements, int ranks);

// While it lives, MPI_Iallreduce goes in a ring, which does not work in place.
class InRing {
 public:
  explicit InRing(bool chosen);
  ~InRing();
  InRing(const InRing&) = delete;
  InRing& operator=(const InRing&) = delete;

 private:
  const bool chosen_;
  int before_ = 0;
};

}  // namespace par
