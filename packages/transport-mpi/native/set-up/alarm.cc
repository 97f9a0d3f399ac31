#include "../alarm.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace par {

namespace {

// Never destroyed: the process may end while the thread sleeps.
struct Alarm {
  std::mutex mutex;
  std::condition_variable changed;
  std::thread thread;
  napi_threadsafe_function wake = nullptr;
  int64_t delay = 0;  // microseconds, 0: none
  bool stopping = false;
  bool held = true;
};

Alarm* alarm_ = nullptr;

void Sleep() {
  Alarm& alarm = *alarm_;
  std::unique_lock<std::mutex> lock(alarm.mutex);
  while (!alarm.stopping) {
    alarm.changed.wait(lock, [&] { return alarm.delay > 0 || alarm.stopping; });
    if (alarm.stopping) break;
    const auto delay = std::chrono::microseconds(alarm.delay);
    alarm.delay = 0;
    lock.unlock();
    std::this_thread::sleep_for(delay);
    napi_call_threadsafe_function(alarm.wake, nullptr, napi_tsfn_nonblocking);
    lock.lock();
  }
}

// An error of the callback is an uncaught exception like any other.
void Ring(napi_env env, napi_value callback, void*, void*) {
  if (env == nullptr || callback == nullptr) return;
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined, callback, 0, nullptr, nullptr) != napi_pending_exception) return;
  napi_value error;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

}  // namespace

void SetAlarm(napi_env env, napi_value callback, int64_t microseconds) {
  if (alarm_ == nullptr) {
    alarm_ = new Alarm;
    napi_value name;
    napi_create_string_utf8(env, "par.alarm", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, callback, nullptr, name, 0, 1, nullptr, nullptr, nullptr, Ring,
                                    &alarm_->wake);
    alarm_->thread = std::thread(Sleep);
  }
  {
    std::lock_guard<std::mutex> lock(alarm_->mutex);
    alarm_->delay = microseconds;
  }
  alarm_->changed.notify_one();
}

void HoldAlarm(napi_env env, bool hold) {
  if (alarm_ == nullptr || alarm_->held == hold) return;
  alarm_->held = hold;
  if (hold) {
    napi_ref_threadsafe_function(env, alarm_->wake);
  } else {
    napi_unref_threadsafe_function(env, alarm_->wake);
  }
}

void StopAlarm() {
  if (alarm_ == nullptr) return;
  {
    std::lock_guard<std::mutex> lock(alarm_->mutex);
    alarm_->stopping = true;
  }
  alarm_->changed.notify_one();
  alarm_->thread.join();
  napi_release_threadsafe_function(alarm_->wake, napi_tsfn_abort);
  delete alarm_;
  alarm_ = nullptr;
}

}  // namespace par
