// Completing operations from the loop, and how soon to look again.
#include "arguments.h"
#include "calls.h"
#include "engine.h"

#include <algorithm>

namespace par {

namespace {

// DESIGN §5: after the last activity the loop polls without pause for this long, then offers its core to others
// between polls, then naps between polls, then sleeps.
constexpr int64_t kHot = 200'000;
constexpr int64_t kYielding = 2'000'000;
// … and even while it is hot after so long, at little cost when nobody wants the core: the rank it waits for may. Not where that takes
// a sleep of 60 µs: it would end long after a message of 1 MiB, which takes 80 µs to arrive (bench/run.ts).
constexpr int64_t kAlone = 20'000;
// A nap and the tests around it cost 20 to 30 µs of processor time, so naps grow with the wait: from then on half as long as it lasts …
constexpr int64_t kPatience = 120'000;
constexpr int64_t kLongestNap = 250'000;
// … until
constexpr int64_t kNapping = 5'000'000;
// Then the loop sleeps, these in microseconds; a rank that has waited long sleeps longer.
constexpr int64_t kSleep = 1'000;
constexpr int64_t kLong = 100'000'000;
constexpr int64_t kDeepSleep = 5'000;
constexpr int64_t kPollBudget = 5'000;

// What the arrays shared with JavaScript are kept by.
napi_ref roots_[64];
size_t rooted_ = 0;

void Root(napi_env env, napi_value value) {
  if (rooted_ < sizeof roots_ / sizeof *roots_) napi_create_reference(env, value, 1, &roots_[rooted_++]);
}

// share(status, statusBytes, done, doneBytes): where outcomes are written.
napi_value Share(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  engine.status = static_cast<int32_t*>(args.Memory(0).data);
  engine.statusBytes = static_cast<double*>(args.Memory(1).data);
  engine.done = static_cast<int32_t*>(args.Memory(2).data);
  engine.doneBytes = static_cast<double*>(args.Memory(3).data);
  for (size_t i = 0; i < 4; i++) Root(env, args.values[i]);
  SetLoop(env);
  return nullptr;
}

// addSlab(bytes): room for kSlabSlots more first messages. The caller keeps the memory for as long as MPI lives.
napi_value AddSlab(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  engine.AddSlab(static_cast<uint8_t*>(args.Memory(0).data));
  return nullptr;
}

// What a poll does between its tests when nothing has happened for so long.
int64_t PauseAfter(int64_t idle) {
  const int64_t hot = engine.spin ? kHot : 0;
  if (idle < (YieldsReach() && engine.spin ? kAlone : hot)) return kNoPause;
  if (idle < (YieldsReach() ? hot + kYielding : kPatience)) return kGiveWay;
  return idle < kNapping ? std::min((idle - kPatience) / 2 + 1, kLongestNap) : kNoPause;
}

// poll(probing): completions found, in `done`. `probing`: the caller waits for something besides. status[5] is what to do next: 0 nothing is, 1 poll in the next turn of
// the loop, above: sleep so many microseconds first. status[6]: operations that keep the process alive.
napi_value Poll(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  const int64_t idle = Now() - engine.lastActivity;
  const int found = engine.Poll(idle < kYielding ? kPollBudget : 0, PauseAfter(idle));
  engine.status[6] = static_cast<int32_t>(engine.Live() - engine.Background());
  if (engine.Live() == engine.Background() && !args.Bool(0)) {
    engine.status[5] = 0;
  } else if (found > 0 || idle < kNapping) {
    engine.status[5] = 1;
  } else {
    engine.status[5] = static_cast<int32_t>(idle > kLong ? kDeepSleep : kSleep);
  }
  return MakeInt(env, found);
}

// cancel(slot): asks MPI to give up an operation; the outcome comes by poll.
napi_value Cancel(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  return MakeInt(env, engine.Cancel(args.Int(0)));
}

// touch(): something began that only polling can end.
napi_value Touch(napi_env, napi_callback_info) {
  engine.lastActivity = Now();
  return nullptr;
}

// background(slot): this operation does not keep the process alive.
napi_value Background(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  engine.SetBackground(args.Int(0));
  return nullptr;
}

// setCores(alone, crowded, yields): whether this rank has a core to itself, and not every rank of the job has; whether
// sched_yield reaches the ranks it shares with.
napi_value SetCores(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  engine.spin = args.Bool(0);
  engine.crowded = args.Bool(1);
  SetYields(args.Bool(2));
  return nullptr;
}

}  // namespace

void AddProgress(napi_env env, napi_value exports) {
  AddCall(env, exports, "share", Share);
  AddCall(env, exports, "addSlab", AddSlab);
  AddCall(env, exports, "poll", Poll);
  AddCall(env, exports, "cancel", Cancel);
  AddCall(env, exports, "touch", Touch);
  AddCall(env, exports, "background", Background);
  AddCall(env, exports, "setCores", SetCores);
}

}  // namespace par
