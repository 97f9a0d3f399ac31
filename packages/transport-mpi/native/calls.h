// What each source file adds to the module.
#pragma once

#include <node_api.h>

namespace par {

inline void AddCall(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

void AddPointToPoint(napi_env env, napi_value exports);
void AddProgress(napi_env env, napi_value exports);
void AddLending(napi_env env, napi_value exports);
void AddCollectives(napi_env env, napi_value exports);
void AddRounds(napi_env env, napi_value exports);
void AddLibrary(napi_env env, napi_value exports);
void AddCommunicators(napi_env env, napi_value exports);

}  // namespace par
