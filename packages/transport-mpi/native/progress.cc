// Completing operations from the loop, and how soon to look again.
#include "alarm.h"
#include "arguments.h"
#include "calls.h"
#include "engine.h"

namespace par {

namespace {

// DESIGN §5: after the last activity the loop polls without pause for this long, then offers its core to others
// between polls, then sleeps between polls for ever longer.
constexpr int64_t kHot = 200'000;
constexpr int64_t kYielding = 2'000'000;
// … and even while it is hot after so long, at little cost when nobody wants the core: the rank it waits for may. Not where that takes
// a sleep of 60 µs: it would end long after a message of 1 MiB, which takes 80 µs to arrive (bench/run.ts).
constexpr int64_t kAlone = 20'000;
constexpr int64_t kShortestSleep = 50;
constexpr int64_t kLongestSleep = 1'000;
// A wake-up costs about 80 µs of processor time, so a rank that has waited long sleeps longer: 2 % of a core at most.
constexpr int64_t kLong = 100'000'000;
constexpr int64_t kDeepSleep = 5'000;
constexpr int64_t kPollBudget = 5'000;

int64_t sleep_ = kShortestSleep;
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
  return nullptr;
}

// addSlab(bytes): room for kSlabSlots more first messages. The caller keeps the memory for as long as MPI lives.
napi_value AddSlab(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  engine.AddSlab(static_cast<uint8_t*>(args.Memory(0).data));
  return nullptr;
}

// poll(probing): completions found, in `done`. `probing`: the caller waits for something besides. status[5] is what to do next: 0 nothing is, 1 poll in the next turn of
// the loop, above: sleep so many microseconds first. status[6]: operations that keep the process alive.
napi_value Poll(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  const int64_t idle = Now() - engine.lastActivity;
  const int64_t hot = engine.spin ? kHot : 0;
  const int64_t alone = YieldsReach() && hot > 0 ? kAlone : hot;
  const bool warm = idle < hot + kYielding;
  const int found = engine.Poll(warm ? kPollBudget : 0, warm && idle >= alone);
  engine.status[6] = static_cast<int32_t>(engine.Live() - engine.Background());
  if (engine.Live() == engine.Background() && !args.Bool(0)) {
    engine.status[5] = 0;
  } else if (found > 0 || warm) {
    engine.status[5] = 1;
    sleep_ = kShortestSleep;
  } else {
    engine.status[5] = static_cast<int32_t>(idle > kLong ? kDeepSleep : sleep_);
    sleep_ = sleep_ * 2 < kLongestSleep ? sleep_ * 2 : kLongestSleep;
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

// alarm(callback, microseconds, hold)
napi_value AlarmCall(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  SetAlarm(env, args.values[0], args.Int(1));
  HoldAlarm(env, args.Bool(2));
  return nullptr;
}

napi_value HoldCall(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  HoldAlarm(env, args.Bool(0));
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
  AddCall(env, exports, "alarm", AlarmCall);
  AddCall(env, exports, "holdAlarm", HoldCall);
  AddCall(env, exports, "setCores", SetCores);
}

}  // namespace par
