#include <mpi.h>
#include <node_api.h>

#include "calls.h"
// One translation unit with what is on no hot path: the headers and templates of Node's C++ are most of the compiler's work.
#include "set-up/communicators.cc"
#include "set-up/library.cc"

#ifdef OPEN_MPI
#define PAR_MPI_FAMILY "openmpi"
#elif defined(MPI_ABI_VERSION) && !defined(MPICH_VERSION)
#define PAR_MPI_FAMILY "mpi-abi"
#else
#define PAR_MPI_FAMILY "mpich"
#endif

NAPI_MODULE_INIT() {
  napi_value family;
  napi_create_string_utf8(env, PAR_MPI_FAMILY, NAPI_AUTO_LENGTH, &family);
  napi_set_named_property(env, exports, "family", family);
  napi_value large;
  napi_get_boolean(env, MPI_VERSION >= 4, &large);
  napi_set_named_property(env, exports, "largeCounts", large);
  par::AddLibrary(env, exports);
  par::AddCommunicators(env, exports);
  par::AddPointToPoint(env, exports);
  par::AddProgress(env, exports);
  par::AddLending(env, exports);
  par::AddCollectives(env, exports);
  par::AddRounds(env, exports);
  return exports;
}
