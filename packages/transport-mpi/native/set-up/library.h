// The MPI library as a whole.
#pragma once

#include <napi.h>

namespace par {

// Throws a JavaScript error with { mpiClass, op } when `error` is not MPI_SUCCESS.
void Check(Napi::Env env, int error, const char* op);

}  // namespace par
