#include "ring.h"

namespace par {

namespace {

constexpr int kRing = 1;
constexpr size_t kFewRanks = 3;
constexpr size_t kLong = 32'768;
// From here Open MPI takes it too, but not on ranks that are in place.
constexpr size_t kLongForMany = 65'536;
// In place the ring needs a copy.
constexpr size_t kTooLong = size_t{1} << 26;

// Handle of the library's control variable; null where it has none.
MPI_T_cvar_handle Find() {
  int provided = 0, index = 0, count = 0;
  MPI_T_cvar_handle handle = nullptr;
  if (MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) != MPI_SUCCESS) return nullptr;
  if (MPI_T_cvar_get_index("coll_libnbc_iallreduce_algorithm", &index) != MPI_SUCCESS) return nullptr;
  if (MPI_T_cvar_handle_alloc(index, nullptr, &handle, &count) != MPI_SUCCESS || count != 1) return nullptr;
  // What the user has chosen stays.
  int now = 0;
  if (MPI_T_cvar_read(handle, &now) != MPI_SUCCESS || now != 0) return nullptr;
  return MPI_T_cvar_write(handle, &now) == MPI_SUCCESS ? handle : nullptr;
}

MPI_T_cvar_handle Algorithm() {
  static const MPI_T_cvar_handle found = Find();
  return found;
}

}  // namespace

bool RingIsFaster(size_t bytes, size_t elements, int ranks) {
  const size_t many = static_cast<size_t>(ranks);
  if (bytes > kTooLong) return false;
  return bytes >= (many <= kFewRanks ? kLong : kLongForMany) && elements >= many && Algorithm() != nullptr;
}

InRing::InRing(bool chosen) : chosen_(chosen) {
  if (!chosen_) return;
  MPI_T_cvar_read(Algorithm(), &before_);
  MPI_T_cvar_write(Algorithm(), &kRing);
}

InRing::~InRing() {
  if (chosen_) MPI_T_cvar_write(Algorithm(), &before_);
}

}  // namespace par
