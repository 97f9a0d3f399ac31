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
// MPI 4 has a form of each call whose counts are larger than an int: PAR_LARGE(MPI_Isend) is the one the library has.
#if MPI_VERSION >= 4
using Count = MPI_Count;
#define PAR_LARGE(function) function##_c
#else
using Count = int;
#define PAR_LARGE(function) function
#endif

// A count and datatype for `bytes` bytes of elements. Where counts are ints, those an int cannot hold become one element of a
// derived type, which the caller frees once the operation has started (`derived` is then true).
struct Extent {
  Count count;
  MPI_Datatype type;
  bool derived;
};
Extent ExtentOf(size_t bytes, int type);

}  // namespace par
