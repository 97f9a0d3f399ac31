#include "giving-way.h"

#include <dlfcn.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

namespace par {

namespace {

bool yields_ = true;

// Of Open MPI's progress engine: returns what was set before.
bool (*setLibraryYields_)(bool) = nullptr;

// The descriptor that is readable when the event loop has something to do; -1: not known.
int loopEvents_ = -1;

}  // namespace

void SetYields(bool reach) {
  yields_ = reach;
  setLibraryYields_ =
      reinterpret_cast<bool (*)(bool)>(dlsym(RTLD_DEFAULT, "opal_progress_set_yield_when_idle"));
}

bool YieldsReach() { return yields_; }

// Linux counts the ranks that Hydra starts as sessions of their own, between which sched_yield changes nothing (sched(7),
// autogroup): only to block for an instant does.
void GiveWay() {
  if (yields_) {
    sched_yield();
    return;
  }
  timespec instant{0, 1'000};
  nanosleep(&instant, nullptr);
}

void SetLoop(napi_env env) {
  uv_loop_s* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  const auto descriptorOf = reinterpret_cast<int (*)(const uv_loop_s*)>(dlsym(RTLD_DEFAULT, "uv_backend_fd"));
  loopEvents_ = loop != nullptr && descriptorOf != nullptr ? descriptorOf(loop) : -1;
}

void Nap(int64_t nanoseconds) {
  timespec time{0, nanoseconds};
#ifdef __linux__
  if (loopEvents_ >= 0) {
    pollfd events{loopEvents_, POLLIN, 0};
    ppoll(&events, 1, &time, nullptr);
    return;
  }
#endif
  nanosleep(&time, nullptr);
}

OwnPace::OwnPace() : before_(setLibraryYields_ != nullptr && setLibraryYields_(false)) {}

OwnPace::~OwnPace() {
  if (before_) setLibraryYields_(true);
}

}  // namespace par
