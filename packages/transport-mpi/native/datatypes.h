// Element types of buffers and the reductions MPI does on them.
#pragma once

#include <mpi.h>

#include <cstddef>

namespace par {

// Position in ELEMENT_TYPES of @par/comm-core.
enum ElementType { kBytes, kInt8, kUint8, kInt16, kUint16, kInt32, kUint32, kInt64, kUint64, kFloat16, kFloat32, kFloat64 };
constexpr int kElementTypes = 12;

// The MPI datatype a C program would use. There is none for float16: two bytes that only par reads as a number.
MPI_Datatype DatatypeOf(int type);
size_t SizeOf(int type);
// Position in the list of src/collectives/operations.ts.
MPI_Op OpOf(int op);
// A count and datatype for `bytes` bytes of elements. Counts an int cannot hold become one element of a derived
// type, which the caller frees once the operation has completed (`derived` is then true).
struct Extent {
  int count;
  MPI_Datatype type;
  bool derived;
};
Extent ExtentOf(size_t bytes, int type);

}  // namespace par
