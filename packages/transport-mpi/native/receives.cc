// Receiving where MPI must not be trusted with memory that may be too small. Open MPI reads a message longer than 4 KiB
// from a neighbour's memory whole, over the end of the buffer, before it reports MPI_ERR_TRUNCATE (seen in 4.1.4
// and 5.0.11, shared memory with CMA). So a short receive is posted on a landing zone with room for any message, and a long one is
// only started once a message has been probed and its length is known.
#include <sys/mman.h>

#include <cstdlib>

#include "datatypes.h"
#include "engine.h"

namespace par {

namespace {

// Receives probed for in one poll; each probe costs about 0.1 µs.
constexpr size_t kProbesPerPoll = 256;

bool Probe(const Pattern& pattern, MPI_Message* message, MPI_Status* outcome) {
  int flag = 0;
  return MPI_Improbe(pattern.source, pattern.tag, pattern.comm, &flag, message, outcome) == MPI_SUCCESS && flag;
}

}  // namespace

uint8_t* Engine::TakeLanding() {
  if (!landings_.empty()) {
    uint8_t* landing = landings_.back();
    landings_.pop_back();
    return landing;
  }
  // Address space only: pages come into being as messages touch them. Behind it lies a page nothing can be written to.
  constexpr size_t kGuard = 65'536;
  void* landing =
      mmap(nullptr, kLandingZone + kGuard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (landing == MAP_FAILED) return nullptr;
  uint8_t* zone = static_cast<uint8_t*>(landing);
  mprotect(zone + kLandingZone, kGuard, PROT_NONE);
  return zone;
}

void Engine::GiveLanding(uint8_t* landing, size_t used) {
  if (used > kLandingCopy) madvise(landing, used, MADV_DONTNEED);
  landings_.push_back(landing);
}

int Engine::AddProbing(const Probing& probing, uint8_t* target, size_t capacity) {
  const int32_t slot = NewOperation(Kind::kProbedRecv);
  operations_[slot].target = target;
  operations_[slot].capacity = capacity;
  probing_.push_back(probing);
  probing_.back().slot = slot;
  return slot;
}

bool Engine::ProbeNow(const Pattern& pattern, MPI_Message* message, MPI_Status* outcome) {
  return Soon(true, [&] { return Probe(pattern, message, outcome); });
}

bool Engine::OverlapsProbing(const Pattern& pattern) const {
  for (const Probing& probing : probing_) {
    if (probing.pattern.Takes(pattern)) return true;
  }
  return false;
}

int Engine::StartMatched(MPI_Message* message, size_t bytes, int type, const Bytes& into, uint8_t** block,
                         MPI_Request* request) {
  const bool fits = bytes <= into.size;
  if (!fits) *block = static_cast<uint8_t*>(malloc(bytes));
  if (!fits && *block == nullptr) return MPI_ERR_NO_MEM;
  Extent extent = ExtentOf(bytes, fits && bytes % SizeOf(type) == 0 ? type : kBytes);
  const int error = PAR_LARGE(MPI_Imrecv)(fits ? into.data : *block, extent.count, extent.type, message, request);
  if (extent.derived) MPI_Type_free(&extent.type);
  return error;
}

void Engine::Deliver(size_t to, MPI_Message* message, const MPI_Status& outcome) {
  const int32_t slot = probing_[to].slot;
  probing_[to].slot = -1;
  Operation& op = operations_[slot];
  op.kind = Kind::kMatchedRecv;
  MPI_Request request;
  const Bytes into{op.target, op.capacity};
  const size_t bytes = static_cast<size_t>(BytesOf(outcome));
  const int error = StartMatched(message, bytes, probing_[to].type, into, &op.block, &request);
  if (error != MPI_SUCCESS) {
    early_.emplace_back(slot, error);
    return;
  }
  op.bulk = bytes >= kBulk;
  if (op.bulk) bulk_++;
  op.position = static_cast<int32_t>(requests_.size());
  requests_.push_back(request);
  slotAt_.push_back(slot);
}

// Whether a message was found for this receive or for an earlier one. MPI's rule is that of the receives that take a message
// the earliest gets it, and of the messages a receive takes from one sender the earliest. So before a message is taken
// out of the queue, an earlier receive that takes it too is served: it gets this message or one that came before it.
bool Engine::ProbeFor(size_t index) {
  const Pattern pattern = probing_[index].pattern;
  MPI_Message message;
  MPI_Status outcome;
  if (index == 0) {
    if (!Probe(pattern, &message, &outcome)) return false;
    Deliver(0, &message, outcome);
    return true;
  }
  int flag = 0;
  if (MPI_Iprobe(pattern.source, pattern.tag, pattern.comm, &flag, &outcome) != MPI_SUCCESS || !flag) return false;
  const Pattern found{pattern.comm, outcome.MPI_SOURCE, outcome.MPI_TAG};
  for (size_t i = 0; i < index; i++) {
    if (probing_[i].slot >= 0 && probing_[i].pattern.Takes(found)) return ProbeFor(i);
  }
  if (!Probe(found, &message, &outcome)) return false;
  Deliver(index, &message, outcome);
  return true;
}

// Asks for the next receives in turn.
void Engine::PollProbing() {
  bool any = false;
  const Pattern* failed = nullptr;
  if (probeCursor_ >= probing_.size()) probeCursor_ = 0;
  const size_t rest = probing_.size() - probeCursor_;
  const size_t end = probeCursor_ + (rest < kProbesPerPoll ? rest : kProbesPerPoll);
  for (size_t i = probeCursor_; i < end; i++) {
    const Pattern& pattern = probing_[i].pattern;
    // The same question has the same answer.
    if (failed != nullptr && failed->Equals(pattern)) continue;
    while (probing_[i].slot >= 0 && ProbeFor(i)) any = true;
    if (probing_[i].slot >= 0) failed = &pattern;
  }
  probeCursor_ = end;
  if (!any) return;
  size_t to = 0;
  for (const Probing& probing : probing_) {
    if (probing.slot >= 0) probing_[to++] = probing;
  }
  probing_.resize(to);
}

int Engine::ReportEarly(int found) {
  while (!early_.empty() && found < kWindow) {
    const auto [slot, error] = early_.back();
    early_.pop_back();
    int32_t* out = done + found * kStride;
    out[0] = slot;
    out[3] = error;
    out[4] = -1;
    free(operations_[slot].kind == Kind::kMatchedRecv ? operations_[slot].block : nullptr);
    Release(slot);
    found++;
  }
  return found;
}

int Engine::Cancel(int32_t slot) {
  // A signal may fire in an exit listener, after MPI has ended.
  if (!active) return MPI_SUCCESS;
  Operation& op = operations_[slot];
  if (op.kind != Kind::kProbedRecv) {
    // Only once: at the second time Open MPI 4.1 takes the receive out of a list it is no longer in.
    if (op.cancelled) return MPI_SUCCESS;
    op.cancelled = true;
    return MPI_Cancel(&requests_[op.position]);
  }
  for (size_t i = 0; i < probing_.size(); i++) {
    if (probing_[i].slot != slot) continue;
    probing_.erase(probing_.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  early_.emplace_back(slot, kCancelled);
  return MPI_SUCCESS;
}

}  // namespace par
