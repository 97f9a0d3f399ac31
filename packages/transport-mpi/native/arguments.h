// Reading arguments on the hot path: raw N-API, no objects made, no properties looked up.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "engine.h"

namespace par {

template <size_t N>
struct Arguments {
  napi_env env;
  napi_value values[N];

  Arguments(napi_env e, napi_callback_info info) : env(e) {
    size_t count = N;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
  int Int(size_t i) const {
    int32_t value = 0;
    napi_get_value_int32(env, values[i], &value);
    return value;
  }
  double Number(size_t i) const {
    double value = 0;
    napi_get_value_double(env, values[i], &value);
    return value;
  }
  bool Bool(size_t i) const {
    bool value = false;
    napi_get_value_bool(env, values[i], &value);
    return value;
  }
  // A Uint8Array, or nothing for undefined.
  Bytes Memory(size_t i) const {
    Bytes bytes{nullptr, 0};
    napi_get_typedarray_info(env, values[i], nullptr, &bytes.size, &bytes.data, nullptr, nullptr);
    return bytes;
  }
  // Any typed array, and in the next argument how many bytes it has: cheaper than asking for its type and length here.
  Bytes Array(size_t i) const {
    int64_t size = 0;
    napi_get_value_int64(env, values[i + 1], &size);
    return {Address(i), static_cast<size_t>(size)};
  }
  // Memory of a typed array; null for undefined.
  void* Address(size_t i) const {
    void* data = nullptr;
    napi_get_typedarray_info(env, values[i], nullptr, nullptr, &data, nullptr, nullptr);
    return data;
  }
  bool Defined(size_t i) const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, values[i], &type);
    return type != napi_undefined;
  }
  Plane* GetPlane(size_t i) const {
    void* plane = nullptr;
    napi_get_value_external(env, values[i], &plane);
    return static_cast<Plane*>(plane);
  }
};

inline napi_value MakeInt(napi_env env, int32_t value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

}  // namespace par
