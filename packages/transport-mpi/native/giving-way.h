// Letting other processes have the core.
#pragma once

#include <node_api.h>

#include <cstdint>

namespace par {

// Whether sched_yield reaches the ranks this one shares cores with. Once MPI has started.
void SetYields(bool reach);
bool YieldsReach();
void GiveWay();

// Whose work ends a nap.
void SetLoop(napi_env env);
// Sleeps for so many ns and about 50 µs more, or until the event loop has something to do.
void Nap(int64_t nanoseconds);

// While it lives, tests of MPI do not give way by themselves: Open MPI, where it is told to or finds more ranks than cores, does so in
// every test that finds nothing, and a rank would go through all others' turns several times instead of once.
class OwnPace {
 public:
  OwnPace();
  ~OwnPace();
  OwnPace(const OwnPace&) = delete;
  OwnPace& operator=(const OwnPace&) = delete;

 private:
  const bool before_;
};

}  // namespace par
