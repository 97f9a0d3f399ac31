// The state of MPI in this process and the table of operations that have not completed. One environment (the main
// thread or a worker) owns it; every MPI call is made on that environment's thread.
#pragma once

#include <mpi.h>
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

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

// What a call that starts an operation returns; a positive number is the slot of an operation still pending.
constexpr int kDone = 0;
constexpr int kFailed = -1;
constexpr int kNeedSlab = -2;
// Reported in place of an MPI error code for an operation that was cancelled.
constexpr int kCancelled = -1;

// A communicator as the JavaScript side holds it: opaque.
struct Plane {
  MPI_Comm comm;
};

enum class Kind : uint8_t {
  kFree,
  kSend,         // from memory the caller lends
  kCopiedSend,   // from a block of ours; `silent` ones are nobody's business once started
  kRecv,
  kValueRecv,    // into a slab slot, `extra`
  kCollective,
};

struct Operation {
  int32_t position;
  int32_t extra;
  Kind kind;
  bool silent;
  bool background;  // does not keep the process alive
  uint8_t* block;
  int64_t posted;  // ns
  std::vector<int>* arguments;  // counts and displacements MPI reads until completion
};

class Engine {
 public:
  // Shared with JavaScript: the outcome of an operation that completed in its call …
  int32_t* status = nullptr;
  double* statusBytes = nullptr;
  // … and what one poll found.
  int32_t* done = nullptr;
  double* doneBytes = nullptr;

  bool active = false;
  // Whether a receive may test for a few microseconds in the call: not when ranks of the host exceed its cores.
  bool spin = false;
  int64_t lastActivity = 0;

  int Add(MPI_Request request, Kind kind, int32_t extra = -1, uint8_t* block = nullptr, bool silent = false);
  // Tests pending operations for at most about `budget` ns; fills `done`; returns the number of completions.
  int Poll(int64_t budget);
  // Completes a request in the call if it is quick enough: true with `error` and `outcome` set.
  bool Immediately(MPI_Request* request, MPI_Status* outcome, int* error, bool receive);
  void Report(const MPI_Status& outcome, int error, bool receive);
  int Cancel(int32_t slot);
  void SetBackground(int32_t slot);
  Operation& At(int32_t slot) { return operations_[slot]; }
  size_t Foreground() const { return live_ - background_ - silent_; }
  size_t Live() const { return live_; }
  size_t Background() const { return background_; }
  size_t Silent() const { return silent_; }

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
  int Complete(size_t position, const MPI_Status& outcome, int error, int found);
  void Compact();

  std::vector<MPI_Request> requests_;
  std::vector<int32_t> slotAt_;
  std::vector<Operation> operations_ = std::vector<Operation>(1);
  std::vector<int32_t> freeOperations_;
  std::vector<uint8_t*> blocks_;
  std::vector<uint8_t*> slabs_;
  std::vector<int32_t> slabSlots_;
  size_t live_ = 0;
  size_t background_ = 0;
  size_t silent_ = 0;
  size_t cursor_ = 0;
  // How often spinning has paid lately, in sends and in receives.
  int credit_[2] = {4, 4};
};

extern Engine engine;

int64_t Now();
double BytesOf(const MPI_Status& outcome);

}  // namespace par
