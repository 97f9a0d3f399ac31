#include "giving-way.h"

#include <dlfcn.h>
#include <sched.h>
#include <time.h>

namespace par {

namespace {

bool yields_ = true;

// Of Open MPI's progress engine: returns what was set before.
bool (*setLibraryYields_)(bool) = nullptr;

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

OwnPace::OwnPace() : before_(setLibraryYields_ != nullptr && setLibraryYields_(false)) {}

OwnPace::~OwnPace() {
  if (before_) setLibraryYields_(true);
}

}  // namespace par
