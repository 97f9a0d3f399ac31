// Collectives of few ranks on short blocks, in one round of plain messages.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace par {

// Largest group and block. A block goes out eagerly on every MPI.
constexpr int kRoundRanks = 8;
constexpr size_t kRoundBytes = 2048;
// Tag of these messages on the communicator of collectives, above those that comm-core's algorithms use there. One will do: all
// ranks call collectives in the same order, and MPI keeps the order of messages and of receives.
constexpr int kRoundTag = 32'001;
// … and of the answers to them.
constexpr int kAnswerTag = kRoundTag + 1;
// What lengths take that travel with blocks of any length.
constexpr size_t kLengthsBytes = kRoundRanks * sizeof(uint32_t);
constexpr size_t kAnyLength = SIZE_MAX;

struct Plane;

// One call under way: this rank's block is on its way to those that need it, those it needs are awaited. Where ranks share
// cores, what all need goes through rank 0 instead, which answers with the result: one turn of each rank, few messages.
struct Round {
  enum class Result : uint8_t {
    kNothing,
    kFirst,         // the one message received
    kReduced,
    kBlocks,        // each rank's block, one after the other
    kColumn,        // … of the blocks that each rank has for all, those for this one
    kValues,        // lengths, then each rank's block, kRoundBytes further on than the one before
    kPackedValues,  // the same, from one message that has them one after the other
  };

  int requests = 0;
  int receives = 0;  // the first of the requests
  MPI_Request request[2 * kRoundRanks];
  MPI_Status outcome[2 * kRoundRanks];
  size_t bytes = 0;  // of a block of the result
  size_t sent = 0;   // of a message of this rank
  size_t due = 0;    // of one it receives, or kAnyLength
  int ranks = 0;
  int type = 0;
  int op = 0;
  Result result = Result::kNothing;
  uint8_t* target = nullptr;  // the caller's memory
  bool direct = false;        // blocks are received there at once
  int32_t slot = -1;          // of the pending operation
  Plane* plane = nullptr;
  bool answers = false;       // this is rank 0, and it has not answered yet
  bool answered = false;      // this is another rank, and awaits its answer
  uint32_t number = 0;        // answers are given in the order of the calls
  std::vector<uint8_t> answer;
  uint32_t length[kRoundRanks];
  alignas(16) uint8_t block[kRoundRanks][kRoundBytes];
  uint8_t lengths[kLengthsBytes];  // behind the blocks, so that an answer of them all fits

  // Tests once. True when it is over; `error` is MPI's, or kTruncated for a block of another length.
  bool Test(int* error);
  void Cancel();

 private:
  int Finish();
  int Reduce();
  size_t Compose();
  int Answer(bool failed);
};

}  // namespace par
