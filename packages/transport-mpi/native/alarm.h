// A thread that sleeps for the loop: it wakes the loop after a delay of microseconds and never calls MPI.
#pragma once

#include <node_api.h>

#include <cstdint>

namespace par {

// Calls `callback` on the loop's thread once `microseconds` have passed. One alarm at a time; a later one replaces it.
void SetAlarm(napi_env env, napi_value callback, int64_t microseconds);
// Whether a set alarm keeps the process alive.
void HoldAlarm(napi_env env, bool hold);
void StopAlarm();

}  // namespace par
