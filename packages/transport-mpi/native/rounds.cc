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

// The others learn of a failure by a block that is too long.
int Round::Answer(bool failed) {
  answers = false;
  plane->answered++;
  const uint8_t* answer = failed ? block[0] : block[ranks - 1];
  result = Result::kNothing;
  receives = requests = 0;
  // Given up, and its communicator is gone.
  if (plane->comm == MPI_COMM_NULL) return MPI_SUCCESS;
  for (int dest = 1; dest < ranks; dest++) {
    const int error = MPI_Isend(answer, static_cast<int>(bytes) + failed, MPI_BYTE, dest, kAnswerTag, plane->comm,
                                &request[requests]);
    if (error != MPI_SUCCESS) return error;
    requests++;
  }
  return MPI_SUCCESS;
}

int Round::Finish() {
  for (int i = 0; i < receives; i++) {
    if (BytesOf(outcome[i]) != static_cast<double>(bytes)) return kTruncated;
  }
  switch (result) {
    case Result::kNothing:
      break;
    case Result::kFirst:
      memcpy(target, block[0], bytes);
      break;
    case Result::kBlocks:
      for (int rank = 0; rank < ranks; rank++) memcpy(target + rank * bytes, block[rank], bytes);
      break;
    case Result::kReduced: {
      const int count = static_cast<int>(bytes / SizeOf(type));
      for (int rank = 1; rank < ranks; rank++) {
        const int error = MPI_Reduce_local(block[rank - 1], block[rank], count, DatatypeOf(type), OpOf(op));
        if (error != MPI_SUCCESS) return error;
      }
      memcpy(target, block[ranks - 1], bytes);
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
  const int size = static_cast<int>(round->bytes);
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
    error = MPI_Isend(outgoing.data + dest * outgoing.stride, size, MPI_BYTE, dest, kRoundTag, plane.comm,
                      &sends[sent++]);
  }
  for (int i = 1; i < plane.size && error == MPI_SUCCESS; i++) {
    const int source = (plane.self - i + plane.size) % plane.size;
    if (from != kAll && from != source) continue;
    uint8_t* into = round->block[from == kAll ? source : 0];
    const int tag = round->answered ? kAnswerTag : kRoundTag;
    error = MPI_Irecv(into, kRoundBytes, MPI_BYTE, source, tag, plane.comm, &round->request[round->receives++]);
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
  round->answers = round->answered = false;
  round->bytes = bytes;
  round->ranks = plane.size;
  round->result = result;
  round->target = target;
  return round;
}

// What all ranks give and all get the result of.
int StartForAll(Round* round, Plane& plane, uint8_t* own) {
  if (!engine.crowded || plane.size == 2) return Start(round, plane, {own, 0}, kAll, kAll);
  if (plane.self == 0) {
    round->answers = true;
    round->number = plane.rounds++;
    return Start(round, plane, {own, 0}, kNone, kAll);
  }
  round->answered = true;
  if (round->result == Round::Result::kReduced) round->result = Round::Result::kFirst;
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

// exchangeRound(plane, send, recv, blockBytes, each): a block from every rank, in rank order; `each`: every rank has one
// for each, not the same for all
napi_value ExchangeRound(napi_env env, napi_callback_info info) {
  const Arguments<5> args(env, info);
  Plane& plane = *args.GetPlane(0);
  const Bytes recv = args.Array(2);
  const size_t stride = args.Bool(4) ? recv.size : 0;
  Round* round = NewRound(plane, recv.size, Round::Result::kBlocks, Address(recv));
  const uint8_t* send = static_cast<const uint8_t*>(args.Address(1));
  memcpy(round->block[plane.self], send + plane.self * stride, recv.size);
  return MakeInt(env, Start(round, plane, {stride == 0 ? round->block[plane.self] : send, stride}, kAll, kAll));
}

}  // namespace

void AddRounds(napi_env env, napi_value exports) {
  AddCall(env, exports, "barrierRound", BarrierRound);
  AddCall(env, exports, "bcastRound", BcastRound);
  AddCall(env, exports, "reduceRound", ReduceRound);
  AddCall(env, exports, "exchangeRound", ExchangeRound);
}

}  // namespace par
