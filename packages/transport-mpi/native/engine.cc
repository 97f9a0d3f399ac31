#include "engine.h"

#include "datatypes.h"
#include "layout.h"

#include <sched.h>
#include <time.h>

#include <cstdlib>
#include <cstring>

namespace par {

namespace {

// A pending operation that completes this soon after its call would have been caught by spinning.
constexpr int64_t kNearMiss = 20'000;
// Tests of one poll at least: MPICH takes several to go from one step of a nonblocking collective to the next, and a turn of
// the loop between them costs more than all.
constexpr int kLeastTests = 8;
// So soon after something happened the loop polls without sleeping in between (progress.cc).
constexpr int64_t kWarm = 2'000'000;

}  // namespace

Engine engine;

Plane* NewPlane(MPI_Comm comm) {
  int inter = 0;
  int rank = -1;
  MPI_Comm_test_inter(comm, &inter);
  if (!inter) MPI_Comm_rank(comm, &rank);
  int size = 0;
  MPI_Comm_size(comm, &size);
  return new Plane{comm, rank, size};
}

int64_t Now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

double BytesOf(const MPI_Status& outcome) {
  Count count = 0;
  PAR_LARGE(MPI_Get_count)(&outcome, MPI_BYTE, &count);
  if (count != MPI_UNDEFINED) return static_cast<double>(count);
  MPI_Count large = 0;
  MPI_Get_elements_x(&outcome, MPI_BYTE, &large);
  return static_cast<double>(large);
}

int Engine::NewOperation(Kind kind) {
  int32_t slot;
  if (freeOperations_.empty()) {
    slot = static_cast<int32_t>(operations_.size());
    operations_.emplace_back();
  } else {
    slot = freeOperations_.back();
    freeOperations_.pop_back();
  }
  lastActivity = Now();
  operations_[slot] = Operation{-1, -1, kind, false, nullptr, lastActivity};
  live_++;
  return slot;
}

int Engine::Add(MPI_Request request, Kind kind, int32_t extra, uint8_t* block) {
  const int32_t slot = NewOperation(kind);
  Operation& op = operations_[slot];
  op.position = static_cast<int32_t>(requests_.size());
  op.extra = extra;
  op.block = block;
  requests_.push_back(request);
  slotAt_.push_back(slot);
  return slot;
}

int Engine::Add(MPI_Request request, Kind kind, size_t bytes) {
  const int32_t slot = Add(request, kind);
  operations_[slot].bulk = bytes >= kBulk;
  if (operations_[slot].bulk) bulk_++;
  return slot;
}

void Engine::AddSilent(const Silent& send) {
  // A program whose operations all complete in their calls never polls.
  constexpr size_t kUnpolled = 64;
  if (silents_.size() >= kUnpolled) Reap(kUnpolled / 4);
  silents_.push_back(send);
}

void Engine::Reap(size_t most) {
  for (size_t i = 0; i < most && !silents_.empty(); i++) {
    if (silentCursor_ >= silents_.size()) silentCursor_ = 0;
    Silent& send = silents_[silentCursor_];
    int flag = 0;
    if (MPI_Test(&send.request, &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS && !flag) {
      silentCursor_++;
      continue;
    }
    if (send.isBlock) {
      GiveBlock(send.memory);
    } else {
      free(send.memory);
    }
    send = silents_.back();
    silents_.pop_back();
  }
}

Round* Engine::TakeRound() {
  if (rounds_.empty()) return new Round;
  Round* round = rounds_.back();
  rounds_.pop_back();
  return round;
}

int Engine::AddRound(Round* round) {
  round->slot = NewOperation(Kind::kCollective);
  operations_[round->slot].bulk = round->sent >= kBulk;
  if (operations_[round->slot].bulk) bulk_++;
  pendingRounds_.push_back(round);
  return round->slot;
}

void Engine::PollRounds() {
  size_t to = 0;
  for (Round* round : pendingRounds_) {
    int error = MPI_SUCCESS;
    if (!round->Test(&error)) {
      pendingRounds_[to++] = round;
      continue;
    }
    int& credit = credit_[1];
    if (credit < kMaxCredit && Now() - operations_[round->slot].posted < kNearMiss) credit++;
    early_.emplace_back(round->slot, error);
    GiveRound(round);
  }
  pendingRounds_.resize(to);
}

bool Engine::Immediately(MPI_Request* request, MPI_Status* outcome, int* error, bool receive) {
  return Soon(receive, [&] {
    int flag = 0;
    *error = MPI_Test(request, &flag, outcome);
    return flag || *error != MPI_SUCCESS;
  });
}

void Engine::Report(const MPI_Status& outcome, int error, bool receive) {
  status[2] = error;
  if (!receive) return;
  status[0] = outcome.MPI_SOURCE;
  status[1] = outcome.MPI_TAG;
  statusBytes[0] = BytesOf(outcome);
}

int Engine::Complete(size_t position, const MPI_Status& outcome, int error, int found) {
  const int32_t slot = slotAt_[position];
  requests_[position] = MPI_REQUEST_NULL;
  Operation& op = operations_[slot];
  const bool receive = op.kind >= Kind::kRecv && op.kind <= Kind::kValueRecv;
  int cancelled = 0;
  if (receive && error == MPI_SUCCESS) MPI_Test_cancelled(&outcome, &cancelled);
  double bytes = 0;
  if (receive && error == MPI_SUCCESS && !cancelled) {
    bytes = BytesOf(outcome);
    const bool fits = bytes <= static_cast<double>(op.capacity);
    if (op.kind == Kind::kBouncedRecv && fits) memcpy(op.target, op.block, static_cast<size_t>(bytes));
    if ((op.kind == Kind::kBouncedRecv || op.kind == Kind::kMatchedRecv) && !fits) error = kTruncated;
  }
  if (op.kind == Kind::kBouncedRecv) {
    GiveLanding(op.block, static_cast<size_t>(bytes));
  } else if (op.kind == Kind::kMatchedRecv) {
    free(op.block);
  } else if (op.block != nullptr) {
    GiveBlock(op.block);
  }
  delete op.layout;
  int32_t* out = done + found * kStride;
  out[0] = slot;
  out[1] = outcome.MPI_SOURCE;
  out[2] = outcome.MPI_TAG;
  out[3] = cancelled ? kCancelled : error;
  out[4] = op.extra;
  doneBytes[found] = bytes;
  int& credit = credit_[op.kind != Kind::kSend];
  if (credit < kMaxCredit && Now() - op.posted < kNearMiss) credit++;
  found++;
  Release(slot);
  return found;
}

void Engine::Release(int32_t slot) {
  Operation& op = operations_[slot];
  live_--;
  if (op.background) background_--;
  if (op.bulk) bulk_--;
  op.kind = Kind::kFree;
  freeOperations_.push_back(slot);
}

int Engine::TestOne(int found) {
  // Completed and not compacted away yet: to MPI_Test it would be complete once more.
  if (requests_[0] == MPI_REQUEST_NULL) return found;
  int flag = 0;
  MPI_Status outcome{};
  const int error = MPI_Test(&requests_[0], &flag, &outcome);
  return flag || error != MPI_SUCCESS ? Complete(0, outcome, error, found) : found;
}

int Engine::TestWindow(size_t from, size_t count, int found) {
  static int indices[kWindow];
  static MPI_Status outcomes[kWindow];
  int completed = 0;
  const int error = MPI_Testsome(static_cast<int>(count), requests_.data() + from, &completed, indices, outcomes);
  if (completed == MPI_UNDEFINED) return found;
  for (int i = 0; i < completed; i++) {
    found = Complete(from + indices[i], outcomes[i], error == MPI_ERR_IN_STATUS ? outcomes[i].MPI_ERROR : error, found);
  }
  return found;
}

void Engine::Compact() {
  size_t to = 0;
  for (size_t from = 0; from < requests_.size(); from++) {
    if (requests_[from] == MPI_REQUEST_NULL) continue;
    requests_[to] = requests_[from];
    slotAt_[to] = slotAt_[from];
    operations_[slotAt_[to]].position = static_cast<int32_t>(to);
    to++;
  }
  requests_.resize(to);
  slotAt_.resize(to);
  cursor_ = 0;
}

// Whether the test that began then moved data. One slow test shows that while the caches are warm; after a sleep the first is
// slow anyway.
bool Engine::Busy(int64_t start) {
  const int64_t now = Now();
  if (now - start < kMoved) return false;
  if (now - lastActivity < kWarm) return true;
  int flag = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
  return Now() - now >= kMoved;
}

// Tests pending operations for at most about `budget` ns, until one is complete; fills `done`.
int Engine::TestFor(int64_t budget, int least) {
  const size_t before = live_;
  int found = 0;
  const int64_t end = budget > 0 ? Now() + budget : 0;
  int tests = 0;
  do {
    const int64_t start = bulk_ > 0 ? Now() : 0;
    if (!probing_.empty()) PollProbing();
    if (!pendingRounds_.empty()) PollRounds();
    if (!early_.empty()) found = ReportEarly(found);
    const size_t total = requests_.size();
    if (total == 1 && found == 0) {
      found = TestOne(found);
    } else {
      // At most four windows a call, so that a call stays short however many operations are pending.
      size_t tested = 0;
      for (int windows = 0; windows < 4 && tested < total && found == 0; windows++) {
        if (cursor_ >= total) cursor_ = 0;
        const size_t count = total - cursor_ < kWindow ? total - cursor_ : kWindow;
        found = TestWindow(cursor_, count, found);
        cursor_ += count;
        tested += count;
      }
    }
    if (start > 0 && Busy(start)) lastActivity = Now();
  } while (live_ == before && (++tests < least || (budget > 0 && Now() < end)));
  return found;
}

int Engine::Poll(int64_t budget, int64_t pause) {
  const OwnPace pace;
  giving_ = kGiving;
  Reap(kSlabSlots);
  if (live_ == 0) return 0;
  const size_t before = live_;
  const bool pausing = pause != kNoPause;
  // Nothing has happened since the last poll but what other cores have done, and nothing much in a long wait.
  int found = TestFor(pausing ? 0 : budget, pause > kGiveWay ? 1 : kLeastTests);
  if (pausing && live_ == before) {
    if (pause == kGiveWay) {
      GiveWay();
    } else {
      Nap(pause);
    }
    found = TestFor(budget, kLeastTests);
  }
  if (live_ != before) {
    lastActivity = Now();
    if (requests_.size() > 2 * live_ + 4 || live_ == 0) Compact();
  }
  return found;
}

void Engine::SetBackground(int32_t slot) {
  if (operations_[slot].background) return;
  operations_[slot].background = true;
  background_++;
}

uint8_t* Engine::TakeBlock() {
  if (blocks_.empty()) return static_cast<uint8_t*>(malloc(kSmall));
  uint8_t* block = blocks_.back();
  blocks_.pop_back();
  return block;
}

void Engine::AddSlab(uint8_t* base) {
  const int32_t first = static_cast<int32_t>(slabs_.size()) * kSlabSlots;
  slabs_.push_back(base);
  for (int32_t i = kSlabSlots - 1; i >= 0; i--) slabSlots_.push_back(first + i);
}

int32_t Engine::TakeSlot() {
  if (slabSlots_.empty()) return -1;
  const int32_t slot = slabSlots_.back();
  slabSlots_.pop_back();
  return slot;
}

void Engine::EndReceives() {
  for (size_t i = 0; i < requests_.size(); i++) {
    const Kind kind = operations_[slotAt_[i]].kind;
    if (requests_[i] == MPI_REQUEST_NULL || kind < Kind::kRecv || kind > Kind::kValueRecv) continue;
    if (!operations_[slotAt_[i]].cancelled) MPI_Cancel(&requests_[i]);
    MPI_Wait(&requests_[i], MPI_STATUS_IGNORE);
  }
  for (Round* round : pendingRounds_) round->Cancel();
}

}  // namespace par
