#include "datatypes.h"

#include <climits>

namespace par {

namespace {

constexpr size_t kSizes[kElementTypes] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
#if MPI_VERSION < 4
constexpr size_t kChunk = size_t{1} << 30;
#endif

}  // namespace

MPI_Datatype DatatypeOf(int type) {
  switch (type) {
    case kInt8: return MPI_INT8_T;
    case kUint8: return MPI_UINT8_T;
    case kInt16: return MPI_INT16_T;
    case kUint16: return MPI_UINT16_T;
    case kInt32: return MPI_INT32_T;
    case kUint32: return MPI_UINT32_T;
    case kInt64: return MPI_INT64_T;
    case kUint64: return MPI_UINT64_T;
    case kFloat16: return MPI_UINT16_T;
    case kFloat32: return MPI_FLOAT;
    case kFloat64: return MPI_DOUBLE;
    default: return MPI_BYTE;
  }
}

size_t SizeOf(int type) { return kSizes[type]; }

MPI_Op OpOf(int op) {
  switch (op) {
    case 0: return MPI_SUM;
    case 1: return MPI_PROD;
    case 2: return MPI_MAX;
    case 3: return MPI_MIN;
    case 4: return MPI_LAND;
    case 5: return MPI_BAND;
    case 6: return MPI_LOR;
    case 7: return MPI_BOR;
    case 8: return MPI_LXOR;
    default: return MPI_BXOR;
  }
}

#if MPI_VERSION >= 4

Extent ExtentOf(size_t bytes, int type) {
  return {static_cast<Count>(bytes / kSizes[type]), DatatypeOf(type), false};
}

#else

Extent ExtentOf(size_t bytes, int type) {
  const MPI_Datatype element = DatatypeOf(type);
  const size_t count = bytes / kSizes[type];
  if (count <= INT_MAX) return {static_cast<int>(count), element, false};
  // Whole chunks of 2^30 elements, then the rest: valid in every MPI since 2.0.
  MPI_Datatype chunk, chunks, rest, whole;
  MPI_Type_contiguous(static_cast<int>(kChunk), element, &chunk);
  MPI_Type_contiguous(static_cast<int>(count / kChunk), chunk, &chunks);
  MPI_Type_contiguous(static_cast<int>(count % kChunk), element, &rest);
  int lengths[2] = {1, 1};
  MPI_Aint places[2] = {0, static_cast<MPI_Aint>(count / kChunk * kChunk * kSizes[type])};
  MPI_Datatype parts[2] = {chunks, rest};
  MPI_Type_create_struct(2, lengths, places, parts, &whole);
  MPI_Type_commit(&whole);
  MPI_Type_free(&chunk);
  MPI_Type_free(&chunks);
  MPI_Type_free(&rest);
  return {1, whole, true};
}

#endif

}  // namespace par
