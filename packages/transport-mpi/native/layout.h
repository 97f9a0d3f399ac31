// Where the blocks of a collective lie, in the form MPI reads.
#pragma once

#include <mpi.h>

#include <vector>

#include "datatypes.h"

namespace par {

#if MPI_VERSION >= 4
using Displ = MPI_Aint;
#else
using Displ = int;
#endif

// Counts and displacements of every rank's block, in elements; of sent blocks, then of received ones, where a call has both. MPI
// reads them, and the derived types, until the operation is complete.
struct Layout {
  std::vector<Count> counts;
  std::vector<Displ> displs;
  // For MPI_Ialltoallw: a type for each block; its displacement is then in bytes.
  std::vector<MPI_Datatype> types;
  std::vector<MPI_Datatype> derived;
  std::vector<uint8_t> copy;  // of what a call in place began with

  Layout() = default;
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;
  ~Layout() {
    for (MPI_Datatype& type : derived) MPI_Type_free(&type);
  }
};

}  // namespace par
