// The state of MPI in this process and the table of operations that have not completed. One environment (the main
// thread or a worker) owns it; every MPI call is made on that environment's thread.
#pragma once

#include <mpi.h>
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "giving-way.h"
#include "rounds.h"

namespace par {

// Bytes of the first message of a value, header included: what a receive of unknown size has room for. Longer values
// continue in messages of their own. Under the shared-memory eager limit of both Open MPI and MPICH (4 KiB and up).
constexpr int kSmall = 2048;
constexpr int kHeader = 16;
// Receive slots per slab; a slab is one ArrayBuffer that the JavaScript side reads received first messages from.
constexpr int kSlabSlots = 64;
// Completions reported by one poll, and requests tested at once.
constexpr int kWindow = 256;
// Values of a completion in the shared Int32Array: slot, source, tag, error, extra.
constexpr int kStride = 8;
// An operation spins this long in its call when that has paid lately (bench/run.ts: a peer that answers at once does so within
// 2 µs with a buffer, 6 µs with a value).
constexpr int64_t kSpin = 8'000;
constexpr int kMaxCredit = 8;
// Where ranks share cores, an operation gives way this often in its call at most, and not again after so long …
constexpr int kTurns = 4;
constexpr int64_t kOtherCores = 4'000;
constexpr int64_t kTurnsTime = 20'000;
// … and all operations together for so long in one turn of the loop.
constexpr int64_t kGiving = 1'000'000;
// Tests between two looks at the clock: about half a microsecond.
constexpr int kTestsPerLook = 12;
// An operation this large takes MPI many tests, and those that take this long moved something.
constexpr size_t kBulk = 32'768;
constexpr int64_t kMoved = 3'000;
// Buffers up to this size that a rank sends to itself are copied.
constexpr size_t kSelfCopy = 65'536;
// Receives of at most this much land in a zone of ours first, where a longer message does no harm.
constexpr size_t kLandingCopy = 4096;
constexpr size_t kLandingZone = size_t{1} << 31;

// What a call that starts an operation returns; a positive number is the slot of an operation still pending.
constexpr int kDone = 0;
constexpr int kFailed = -1;
constexpr int kNeedSlab = -2;
// Reported in place of an MPI error code for an operation that was cancelled.
constexpr int kCancelled = -1;
// … and for a message longer than its buffer, when its length is known (statusBytes, doneBytes).
constexpr int kTruncated = -2;

// A communicator as the JavaScript side holds it: opaque.
struct Plane {
  MPI_Comm comm;
  int self;  // this rank; -1 between groups, where no rank is its own peer
  int size;
  // Rounds that rank 0 answers (rounds.h): begun, and answered.
  uint32_t rounds = 0;
  uint32_t answered = 0;
};
Plane* NewPlane(MPI_Comm comm);

enum class Kind : uint8_t {
  kFree,
  kSend,         // from memory the caller lends
  kCopiedSend,   // from a block of ours
  kRecv,
  kBouncedRecv,  // into a landing zone of ours, then into the caller's memory
  kProbedRecv,   // not posted in MPI yet: waits for a message to probe
  kMatchedRecv,  // of a probed message, into the caller's memory or, when it is too long, into `block`
  kValueRecv,    // into a slab slot, `extra`
  kCollective,
};

struct Bytes {
  void* data;
  size_t size;
};

// What a receive takes.
struct Pattern {
  MPI_Comm comm;
  int source;
  int tag;
  bool Takes(const Pattern& other) const {
    return comm == other.comm && (source == MPI_ANY_SOURCE || other.source == MPI_ANY_SOURCE || source == other.source) &&
           (tag == MPI_ANY_TAG || other.tag == MPI_ANY_TAG || tag == other.tag);
  }
  bool Equals(const Pattern& other) const { return comm == other.comm && source == other.source && tag == other.tag; }
};

// A receive waiting for a message to probe, in the order of the calls.
struct Probing {
  Pattern pattern;
  int type;      // of datatypes.h
  int32_t slot;  // -1 once it has been started
};

// A send from memory of ours that is nobody's business once started.
struct Silent {
  MPI_Request request;
  uint8_t* memory;
  bool isBlock;  // of the engine, not from the heap
};

struct Layout;

// Between the tests of a poll: nothing, giving way, or a nap of more than so many ns.
constexpr int64_t kNoPause = -1;
constexpr int64_t kGiveWay = 0;

struct Operation {
  int32_t position;
  int32_t extra;
  Kind kind;
  bool background;  // does not keep the process alive
  uint8_t* block;
  int64_t posted;  // ns
  bool bulk = false;       // moves so much that MPI needs many tests for it
  bool cancelled = false;  // MPI was asked to
  Layout* layout = nullptr;    // what MPI reads until completion; ours to delete then
  uint8_t* target = nullptr;   // the caller's memory, where MPI does not write it itself
  size_t capacity = 0;
};

int64_t Now();

class Engine {
 public:
  // Shared with JavaScript: the outcome of an operation that completed in its call …
  int32_t* status = nullptr;
  double* statusBytes = nullptr;
  // … and what one poll found.
  int32_t* done = nullptr;
  double* doneBytes = nullptr;

  bool active = false;
  // This library may write beyond a buffer that is too short (see receives.cc).
  bool overruns = false;
  // Whether a receive may test for a few microseconds in the call: not when ranks of the host exceed its cores.
  bool spin = false;
  // Ranks of some host share its cores: then the fewest messages are the fastest.
  bool crowded = false;
  int64_t lastActivity = 0;

  int Add(MPI_Request request, Kind kind, int32_t extra = -1, uint8_t* block = nullptr);
  // … that moves so many bytes.
  int Add(MPI_Request request, Kind kind, size_t bytes);
  void AddSilent(const Silent& send);
  int AddRound(Round* round);
  Round* TakeRound();
  void GiveRound(Round* round) { rounds_.push_back(round); }
  // Tests pending operations for at most about `budget` ns, and if that finds nothing, once more after `pause`; fills `done`;
  // returns the number of completions.
  int Poll(int64_t budget, int64_t pause);
  // Whether `test` gives true soon: in a few attempts, or within a few microseconds where waiting that long has paid lately.
  template <typename Test>
  bool Soon(bool receive, const Test& test) {
    const OwnPace pace;
    if (test()) return true;
    // With other operations pending their turn comes first: the loop polls them all.
    if (Foreground() > 0) return false;
    if (!spin) return AfterOthers(test);
    int& credit = credit_[receive];
    if (credit <= 0) return false;
    int64_t end = 0;
    do {
      for (int i = 0; i < kTestsPerLook; i++) {
        if (!test()) continue;
        if (credit < kMaxCredit) credit++;
        return true;
      }
      if (end == 0) end = Now() + kSpin;
    } while (Now() < end);
    credit--;
    return false;
  }
  // Whether `test` gives true once the other ranks on this core have had a turn. What those on other cores do may take a
  // moment longer, and to pass the turn on again costs more than that.
  template <typename Test>
  bool AfterOthers(const Test& test) {
    const int64_t start = Now();
    int64_t now = start;
    bool passed = false;
    for (int i = 0; i < kTurns && !passed && now - start < kTurnsTime && now - start < giving_; i++) {
      GiveWay();
      const int64_t end = Now() + kOtherCores;
      do {
        passed = test();
        now = Now();
      } while (!passed && now < end);
    }
    giving_ -= now - start;
    return passed;
  }
  // Completes a request in the call if it is quick enough: true with `error` and `outcome` set.
  bool Immediately(MPI_Request* request, MPI_Status* outcome, int* error, bool receive);
  void Report(const MPI_Status& outcome, int error, bool receive);
  int Cancel(int32_t slot);
  // A receive that MPI does not know of (see receives.cc).
  int AddProbing(const Probing& probing, uint8_t* target, size_t capacity);
  // Looks for a message now, for a few microseconds where that has paid lately.
  bool ProbeNow(const Pattern& pattern, MPI_Message* message, MPI_Status* outcome);
  bool OverlapsProbing(const Pattern& pattern) const;
  // Starts receiving a probed message into the caller's memory, or into memory of ours when it is too long; in that case
  // `block` is set and the caller frees it after completion.
  static int StartMatched(MPI_Message* message, size_t bytes, int type, const Bytes& into, uint8_t** block,
                          MPI_Request* request);
  // A region that a message of up to kLandingZone bytes fits into.
  uint8_t* TakeLanding();
  void GiveLanding(uint8_t* landing, size_t used);
  void SetBackground(int32_t slot);
  Operation& At(int32_t slot) { return operations_[slot]; }
  size_t Foreground() const { return live_ - background_; }
  size_t Live() const { return live_ + silents_.size(); }
  size_t Background() const { return background_; }
  size_t SilentSends() const { return silents_.size(); }

  uint8_t* TakeBlock();
  void GiveBlock(uint8_t* block) { blocks_.push_back(block); }
  void AddSlab(uint8_t* base);
  int32_t TakeSlot();
  uint8_t* SlotAddress(int32_t slot) const { return slabs_[slot / kSlabSlots] + (slot % kSlabSlots) * kSmall; }
  void GiveSlot(int32_t slot) { slabSlots_.push_back(slot); }
  // For the end of MPI: receives are given up, and completed where that came too late.
  void EndReceives();

 private:
  int TestWindow(size_t from, size_t count, int found);
  int TestOne(int found);
  int TestFor(int64_t budget, int least);
  int NewOperation(Kind kind);
  void Reap(size_t most);
  void PollRounds();
  bool Busy(int64_t start);
  void PollProbing();
  bool ProbeFor(size_t index);
  void Deliver(size_t to, MPI_Message* message, const MPI_Status& outcome);
  int ReportEarly(int found);
  void Release(int32_t slot);
  int Complete(size_t position, const MPI_Status& outcome, int error, int found);
  void Compact();

  std::vector<MPI_Request> requests_;
  std::vector<int32_t> slotAt_;
  std::vector<Operation> operations_ = std::vector<Operation>(1);
  std::vector<int32_t> freeOperations_;
  std::vector<uint8_t*> blocks_;
  std::vector<uint8_t*> slabs_;
  std::vector<int32_t> slabSlots_;
  std::vector<uint8_t*> landings_;
  std::vector<Probing> probing_;
  size_t probeCursor_ = 0;
  // Outcomes reached outside MPI: slot and error.
  std::vector<std::pair<int32_t, int>> early_;
  size_t live_ = 0;
  size_t background_ = 0;
  size_t bulk_ = 0;
  std::vector<Silent> silents_;
  size_t silentCursor_ = 0;
  std::vector<Round*> rounds_;  // to be used again
  std::vector<Round*> pendingRounds_;
  size_t cursor_ = 0;
  // Time for which calls may still give way before the loop gets a turn.
  int64_t giving_ = kGiving;
  // How often spinning has paid lately, in sends and in receives.
  int credit_[2] = {4, 4};
};

extern Engine engine;

double BytesOf(const MPI_Status& outcome);

}  // namespace par
