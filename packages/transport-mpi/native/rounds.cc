// A rank sends its block to all that need it and makes the result itself: one message's time, where the libraries'
// nonblocking collectives first build a schedule and take two to three times as long (bench/run.ts). Reductions go
// in rank order, with MPI's own operations, so all ranks get the same bits.
#include "rounds.h"

#include <cstring>

#include "arguments.h"
#include "calls.h"
#include "datatypes.h"
#include "engine.h"

namespace par {

bool Round::Test(int* error) {
  if (answers && plane->answered != number) return false;
  int flag = 0;
  *error = MPI_Testall(requests, request, &flag, outcome);
  if (*error == MPI_SUCCESS && !flag) return false;
  if (*error == MPI_ERR_IN_STATUS) {
    for (int i = 0; i < requests; i++) {
      if (outcome[i].MPI_ERROR != MPI_SUCCESS && outcome[i].MPI_ERROR != MPI_ERR_PENDING) *error = outcome[i].MPI_ERROR;
    }
  }
  if (*error == MPI_SUCCESS) *error = Finish();
  if (!answers) return true;
  const int failure = *error;
  *error = Answer(failure != MPI_SUCCESS);
  if (*error == MPI_SUCCESS) *error = failure;
  return *error != MPI_SUCCESS || Test(error);
}

// What all others get, or each its own in turn; returns the length of one.
size_t Round::Compose() {
  answer.clear();
  const auto add = [this](const uint8_t* from, size_t size) { answer.insert(answer.end(), from, from + size); };
  switch (result) {
    case Result::kReduced:
      add(block[ranks - 1], bytes);
      break;
    case Result::kBlocks:
      for (int rank = 0; rank < ranks; rank++) add(block[rank], bytes);
      break;
    case Result::kColumn:
      for (int dest = 0; dest < ranks; dest++) {
        for (int rank = 0; rank < ranks; rank++) add(block[rank] + dest * bytes, bytes);
      }
      return ranks * bytes;
    case Result::kValues:
      add(reinterpret_cast<const uint8_t*>(length), kLengthsBytes);
      for (int rank = 0; rank < ranks; rank++) add(block[rank], length[rank]);
      break;
    default:
      break;
  }
  return answer.size();
}

// The others learn of a failure by an answer of a length that is no result's.
int Round::Answer(bool failed) {
  answers = false;
  plane->answered++;
  size_t size = Compose();
  const size_t stride = result == Result::kColumn ? size : 0;
  if (failed) size = result == Result::kValues ? 0 : size + 1;
  answer.resize(stride * ranks + size);
  result = Result::kNothing;
  receives = requests = 0;
  // Given up, and its communicator is gone.
  if (plane->comm == MPI_COMM_NULL) return MPI_SUCCESS;
  for (int dest = 1; dest < ranks; dest++) {
    const int error = MPI_Isend(answer.data() + dest * stride, static_cast<int>(size), MPI_BYTE, dest, kAnswerTag,
                                plane->comm, &request[requests]);
    if (error != MPI_SUCCESS) return error;
    requests++;
  }
  return MPI_SUCCESS;
}

int Round::Reduce() {
  const int count = static_cast<int>(bytes / SizeOf(type));
  for (int rank = 1; rank < ranks; rank++) {
    const int error = MPI_Reduce_local(block[rank - 1], block[rank], count, DatatypeOf(type), OpOf(op));
    if (error != MPI_SUCCESS) return error;
  }
  memcpy(target, block[ranks - 1], bytes);
  return MPI_SUCCESS;
}

int Round::Finish() {
  for (int i = 0; i < receives; i++) {
    const double size = BytesOf(outcome[i]);
    if (due == kAnyLength ? size == 0 && answered : size != static_cast<double>(due)) return kTruncated;
    length[outcome[i].MPI_SOURCE] = static_cast<uint32_t>(size);
  }
  uint8_t* const values = target + kLengthsBytes;
  switch (result) {
    case Result::kNothing:
      break;
    case Result::kFirst:
      memcpy(target, block[0], due);
      break;
    case Result::kBlocks:
    case Result::kColumn:
      for (int rank = 0; rank < ranks; rank++) memcpy(target + rank * bytes, block[rank], bytes);
      break;
    case Result::kReduced:
      return Reduce();
    case Result::kValues:
      memcpy(target, length, kLengthsBytes);
      for (int rank = 0; rank < ranks; rank++) memcpy(values + rank * kRoundBytes, block[rank], length[rank]);
      break;
    case Result::kPackedValues: {
      memcpy(length, block[0], kLengthsBytes);
      memcpy(target, length, kLengthsBytes);
      const uint8_t* from = block[0] + kLengthsBytes;
      for (int rank = 0; rank < ranks; rank++) {
        memcpy(values + rank * kRoundBytes, from, length[rank]);
        from += length[rank];
      }
    }
  }
  return MPI_SUCCESS;
}

void Round::Cancel() {
  for (int i = 0; i < requests; i++) {
    if (request[i] == MPI_REQUEST_NULL) continue;
    if (i < receives) MPI_Cancel(&request[i]);
    MPI_Request_free(&request[i]);
  }
}

namespace {

// What is sent to rank i is `stride * i` further on; 0: everybody gets the same.
struct Outgoing {
  const uint8_t* data;
  size_t stride;
};

int Fail(Round* round, int error) {
  engine.GiveRound(round);
  engine.status[2] = error;
  return kFailed;
}

// `to`, `from`: a rank, kAll or kNone.
constexpr int kAll = -1;
constexpr int kNone = -2;

int Start(Round* round, Plane& plane, const Outgoing& outgoing, int to, int from) {
  round->plane = &plane;
  round->requests = 0;
  round->receives = 0;
  // Sends come first, for the sake of those who wait for them; in the array receives do.
  MPI_Request sends[kRoundRanks];
  int sent = 0;
  int error = MPI_SUCCESS;
  for (int i = 1; i < plane.size && error == MPI_SUCCESS; i++) {
    const int dest = (plane.self + i) % plane.size;
    if (to != kAll && to != dest) continue;
    error = MPI_Isend(outgoing.data + dest * outgoing.stride, static_cast<int>(round->sent), MPI_BYTE, dest, kRoundTag,
                      plane.comm, &sends[sent++]);
  }
  int room = round->answered ? sizeof round->block + sizeof round->lengths : kRoundBytes;
  if (round->direct) room = static_cast<int>(round->bytes);
  for (int i = 1; i < plane.size && error == MPI_SUCCESS; i++) {
    const int source = (plane.self - i + plane.size) % plane.size;
    if (from != kAll && from != source) continue;
    uint8_t* into = round->direct ? round->target + source * round->bytes : round->block[from == kAll ? source : 0];
    const int tag = round->answered ? kAnswerTag : kRoundTag;
    error = MPI_Irecv(into, room, MPI_BYTE, source, tag, plane.comm, &round->request[round->receives++]);
  }
  if (error != MPI_SUCCESS) return Fail(round, error);
  memcpy(round->request + round->receives, sends, sent * sizeof *sends);
  round->requests = round->receives + sent;
  if (!engine.Soon(true, [&] { return round->Test(&error); })) return engine.AddRound(round);
  if (error != MPI_SUCCESS) return Fail(round, error);
  engine.GiveRound(round);
  return kDone;
}

Round* NewRound(const Plane& plane, size_t bytes, Round::Result result, uint8_t* target) {
  Round* round = engine.TakeRound();
  round->answers = round->answered = round->direct = false;
  round->bytes = round->sent = round->due = bytes;
  round->ranks = plane.size;
  round->result = result;
  round->target = target;
  return round;
}

bool ThroughRankZero(const Plane& plane) { return engine.crowded && plane.size > 2; }

// What all ranks give and all get the result of, every rank a block of its own from `own`.
int StartForAll(Round* round, Plane& plane, const uint8_t* own) {
  using Result = Round::Result;
  if (!ThroughRankZero(plane)) return Start(round, plane, {own, 0}, kAll, kAll);
  if (plane.self == 0) {
    round->answers = true;
    round->number = plane.rounds++;
    return Start(round, plane, {own, 0}, kNone, kAll);
  }
  round->answered = true;
  if (round->result == Result::kBlocks || round->result == Result::kColumn) round->due = plane.size * round->bytes;
  if (round->result == Result::kValues) {
    round->result = Result::kPackedValues;
  } else if (round->result != Result::kNothing) {
    round->result = Result::kFirst;
  }
  return Start(round, plane, {own, 0}, 0, 0);
}

uint8_t* Address(const Bytes& bytes) { return static_cast<uint8_t*>(bytes.data); }

// barrierRound(plane)
napi_value BarrierRound(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  Plane& plane = *args.GetPlane(0);
  Round* round = NewRound(plane, 0, Round::Result::kNothing, nullptr);
  return MakeInt(env, StartForAll(round, plane, round->block[0]));
}

// bcastRound(plane, array, byteLength, root)
napi_value BcastRound(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes bytes = args.Array(1);
  const int root = args.Int(3);
  const bool sends = root == plane.self;
  const Round::Result result = sends ? Round::Result::kNothing : Round::Result::kFirst;
  Round* round = NewRound(plane, bytes.size, result, Address(bytes));
  if (sends) memcpy(round->block[0], bytes.data, bytes.size);
  return MakeInt(env, Start(round, plane, {round->block[0], 0}, sends ? kAll : kNone, sends ? kNone : root));
}

// reduceRound(plane, send, recv | undefined, byteLength, type, op, root): root -1: all
napi_value ReduceRound(napi_env env, napi_callback_info info) {
  const Arguments<7> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes recv = args.Array(2);
  const int root = args.Int(6);
  const bool receives = root < 0 || root == plane.self;
  Round* round = NewRound(plane, recv.size, receives ? Round::Result::kReduced : Round::Result::kNothing, Address(recv));
  round->type = args.Int(4);
  round->op = args.Int(5);
  uint8_t* own = round->block[plane.self];
  memcpy(own, args.Address(1), recv.size);
  if (root < 0) return MakeInt(env, StartForAll(round, plane, own));
  return MakeInt(env, Start(round, plane, {own, 0}, receives ? kNone : root, receives ? kAll : kNone));
}

// allgatherRound(plane, send, recv, blockBytes): a block from every rank, in rank order
napi_value AllgatherRound(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes recv = args.Array(2);
  Round* round = NewRound(plane, recv.size, Round::Result::kBlocks, Address(recv));
  uint8_t* own = round->block[plane.self];
  memcpy(own, args.Address(1), recv.size);
  return MakeInt(env, StartForAll(round, plane, own));
}

// alltoallRound(plane, send, recv, blockBytes): each rank has a block for every rank, of any length that fits an int; long ones not in place
napi_value AlltoallRound(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes recv = args.Array(2);
  const uint8_t* send = static_cast<const uint8_t*>(args.Address(1));
  const size_t all = plane.size * recv.size;
  if (ThroughRankZero(plane) && all <= kRoundBytes) {
    Round* round = NewRound(plane, recv.size, Round::Result::kColumn, Address(recv));
    round->sent = round->due = all;
    uint8_t* own = round->block[plane.self];
    memcpy(own, send, all);
    return MakeInt(env, StartForAll(round, plane, own));
  }
  Round* round = NewRound(plane, recv.size, Round::Result::kBlocks, Address(recv));
  uint8_t* own = round->block[plane.self];
  if (recv.size > kRoundBytes) {
    round->result = Round::Result::kNothing;
    round->direct = true;
    own = Address(recv) + plane.self * recv.size;
  }
  memcpy(own, send + plane.self * recv.size, recv.size);
  return MakeInt(env, Start(round, plane, {send, recv.size}, kAll, kAll));
}

// valuesRound(plane, block, blockBytes, recv): a block of any length up to kRoundBytes from every rank; `recv` has room for
// lengths and blocks of all (Result::kValues)
napi_value ValuesRound(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes block = args.Array(1);
  Round* round = NewRound(plane, 0, Round::Result::kValues, static_cast<uint8_t*>(args.Address(3)));
  round->sent = block.size;
  round->due = kAnyLength;
  round->length[plane.self] = static_cast<uint32_t>(block.size);
  uint8_t* own = round->block[plane.self];
  memcpy(own, block.data, block.size);
  return MakeInt(env, StartForAll(round, plane, own));
}

}  // namespace

void AddRounds(napi_env env, napi_value exports) {
  AddCall(env, exports, "barrierRound", BarrierRound);
  AddCall(env, exports, "bcastRound", BcastRound);
  AddCall(env, exports, "reduceRound", ReduceRound);
  AddCall(env, exports, "allgatherRound", AllgatherRound);
  AddCall(env, exports, "alltoallRound", AlltoallRound);
  AddCall(env, exports, "valuesRound", ValuesRound);
}

}  // namespace par
