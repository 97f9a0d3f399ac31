// The MPI library as a whole.
#pragma once

#include <napi.h>

#include <initializer_list>
#include <utility>

#include "../engine.h"

namespace par {

using Call = Napi::Value (*)(const Napi::CallbackInfo&);

// Adds each by its name: the code of an addition, which is long, is there once.
void AddCalls(napi_env env, napi_value exports, std::initializer_list<std::pair<const char*, Call>> calls);

// The handle of a communicator, which owns what it stands for.
Napi::Value HandleOf(Napi::Env env, Plane* plane);

// Throws a JavaScript error with { mpiClass, op } when `error` is not MPI_SUCCESS.
void Check(Napi::Env env, int error, const char* op);

}  // namespace par
