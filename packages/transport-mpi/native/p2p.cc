// Point-to-point calls. Each starts one MPI operation and, when it completes within the call, says so at once.
#include <cstdlib>
#include <cstring>

#include "arguments.h"
#include "calls.h"
#include "datatypes.h"
#include "engine.h"

namespace par {

namespace {

int SourceOf(int source) { return source == -1 ? MPI_ANY_SOURCE : source; }
int TagOf(int tag) { return tag == -1 ? MPI_ANY_TAG : tag; }

int Fail(int error) {
  engine.status[2] = error;
  return kFailed;
}

int StartSend(const Bytes& bytes, int type, int dest, int tag, MPI_Comm comm, bool synchronous) {
  MPI_Request request;
  const Extent extent = ExtentOf(bytes.size, type);
  int error = synchronous ? PAR_LARGE(MPI_Issend)(bytes.data, extent.count, extent.type, dest, tag, comm, &request)
                          : PAR_LARGE(MPI_Isend)(bytes.data, extent.count, extent.type, dest, tag, comm, &request);
  MPI_Datatype derived = extent.type;
  if (extent.derived) MPI_Type_free(&derived);
  if (error != MPI_SUCCESS) return Fail(error);
  MPI_Status outcome;
  if (engine.Immediately(&request, &outcome, &error, false)) return error == MPI_SUCCESS ? kDone : Fail(error);
  return engine.Add(request, Kind::kSend, bytes.size);
}

// MPICH completes a send to its own rank only once it is received. Par promises that short sends do not wait.
int StartSelfSend(const Bytes& bytes, int type, const Plane& plane, int tag) {
  uint8_t* copy = static_cast<uint8_t*>(malloc(bytes.size + 1));
  memcpy(copy, bytes.data, bytes.size);
  MPI_Request request;
  const Extent extent = ExtentOf(bytes.size, type);
  int error = PAR_LARGE(MPI_Isend)(copy, extent.count, extent.type, plane.self, tag, plane.comm, &request);
  MPI_Status outcome;
  if (error == MPI_SUCCESS && !engine.Immediately(&request, &outcome, &error, false)) {
    engine.AddSilent({request, copy, false});
    return kDone;
  }
  free(copy);
  return error == MPI_SUCCESS ? kDone : Fail(error);
}

// sendBuffer(plane, array, byteLength, type, dest, tag, synchronous)
napi_value SendBuffer(napi_env env, napi_callback_info info) {
  const Arguments<7> args(env, info);
  const Plane& plane = *args.GetPlane(0);
  const Bytes bytes = args.Array(1);
  const int dest = args.Int(4);
  const bool synchronous = args.Bool(6);
  if (dest == plane.self && !synchronous && bytes.size <= kSelfCopy) {
    return MakeInt(env, StartSelfSend(bytes, args.Int(3), plane, args.Int(5)));
  }
  return MakeInt(env, StartSend(bytes, args.Int(3), dest, args.Int(5), plane.comm, synchronous));
}

// Gives the outcome of a receive that completed in its call.
int Received(const MPI_Status& outcome, int error, size_t capacity) {
  engine.Report(outcome, error, error == MPI_SUCCESS);
  if (error != MPI_SUCCESS) {
    engine.statusBytes[0] = 0;
    return kFailed;
  }
  if (engine.statusBytes[0] <= static_cast<double>(capacity)) return kDone;
  engine.status[2] = kTruncated;
  return kFailed;
}

int StartPosted(const Bytes& bytes, int type, const Pattern& pattern) {
  MPI_Request request;
  Extent extent = ExtentOf(bytes.size, type);
  int error = PAR_LARGE(MPI_Irecv)(bytes.data, extent.count, extent.type, pattern.source, pattern.tag, pattern.comm,
                                   &request);
  if (extent.derived) MPI_Type_free(&extent.type);
  if (error != MPI_SUCCESS) return Fail(error);
  MPI_Status outcome{};
  if (!engine.Immediately(&request, &outcome, &error, true)) return engine.Add(request, Kind::kRecv, bytes.size);
  return Received(outcome, error, bytes.size);
}

// On a landing zone, where any message fits.
int StartLanding(const Bytes& bytes, int type, const Pattern& pattern, uint8_t* landing) {
  MPI_Request request;
  const int count = static_cast<int>((kLandingZone - 1) / SizeOf(type));
  int error = MPI_Irecv(landing, count, DatatypeOf(type), pattern.source, pattern.tag, pattern.comm, &request);
  MPI_Status outcome{};
  if (error == MPI_SUCCESS && !engine.Immediately(&request, &outcome, &error, true)) {
    const int slot = engine.Add(request, Kind::kBouncedRecv, -1, landing);
    engine.At(slot).target = static_cast<uint8_t*>(bytes.data);
    engine.At(slot).capacity = bytes.size;
    return slot;
  }
  const int result = Received(outcome, error, bytes.size);
  const size_t used = error == MPI_SUCCESS ? static_cast<size_t>(engine.statusBytes[0]) : 0;
  if (result == kDone && used > 0) memcpy(bytes.data, landing, used);
  engine.GiveLanding(landing, used);
  return result;
}

// Only once the length of the message is known.
int StartProbing(const Bytes& bytes, int type, const Pattern& pattern) {
  int error = MPI_SUCCESS;
  MPI_Message message;
  MPI_Status outcome{};
  const bool there = !engine.OverlapsProbing(pattern) && engine.ProbeNow(pattern, &message, &outcome);
  if (!there) return engine.AddProbing(Probing{pattern, type, -1}, static_cast<uint8_t*>(bytes.data), bytes.size);
  uint8_t* block = nullptr;
  MPI_Request request;
  error = Engine::StartMatched(&message, static_cast<size_t>(BytesOf(outcome)), type, bytes, &block, &request);
  if (error != MPI_SUCCESS) {
    free(block);
    return Fail(error);
  }
  if (!engine.Immediately(&request, &outcome, &error, true)) {
    const int slot = engine.Add(request, Kind::kMatchedRecv, bytes.size);
    engine.At(slot).block = block;
    engine.At(slot).capacity = bytes.size;
    return slot;
  }
  free(block);
  return Received(outcome, error, bytes.size);
}

int StartRecv(const Bytes& bytes, int type, int source, int tag, MPI_Comm comm) {
  const Pattern pattern{comm, SourceOf(source), TagOf(tag)};
  if (!engine.overruns) return StartPosted(bytes, type, pattern);
  // Order first: behind a receive MPI does not know of, none may be posted that takes the same.
  if (bytes.size <= kLandingCopy && !engine.OverlapsProbing(pattern)) {
    uint8_t* landing = engine.TakeLanding();
    if (landing != nullptr) return StartLanding(bytes, type, pattern, landing);
  }
  return StartProbing(bytes, type, pattern);
}

// recvBuffer(plane, array, byteLength, type, source, tag)
napi_value RecvBuffer(napi_env env, napi_callback_info info) {
  const Arguments<6> args(env, info);
  return MakeInt(env, StartRecv(args.Array(1), args.Int(3), args.Int(4), args.Int(5), args.GetPlane(0)->comm));
}

// Sends a block of ours. The caller's memory is free again at once, so an ordinary send is over for it; but when
// many wait for slow receivers the caller waits too, or memory would grow without bound.
int StartCopied(uint8_t* block, size_t size, int dest, int tag, MPI_Comm comm) {
  constexpr size_t kMaxSilent = 4096;
  MPI_Request request;
  int error = MPI_Isend(block, static_cast<int>(size), MPI_BYTE, dest, tag, comm, &request);
  MPI_Status outcome;
  int flag = 0;
  if (error == MPI_SUCCESS) error = MPI_Test(&request, &flag, &outcome);
  if (error != MPI_SUCCESS || flag) {
    engine.GiveBlock(block);
    return error == MPI_SUCCESS ? kDone : Fail(error);
  }
  if (engine.SilentSends() >= kMaxSilent) return engine.Add(request, Kind::kCopiedSend, -1, block);
  engine.AddSilent({request, block, true});
  return kDone;
}

// sendSmall(plane, segment, dest, tag): a value of one segment of at most kSmall - kHeader bytes.
napi_value SendSmall(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  const Bytes bytes = args.Memory(1);
  uint8_t* block = engine.TakeBlock();
  const uint32_t head[2] = {1, 0};
  const double length = static_cast<double>(bytes.size);
  memcpy(block, head, 8);
  memcpy(block + 8, &length, 8);
  memcpy(block + kHeader, bytes.data, bytes.size);
  return MakeInt(env, StartCopied(block, bytes.size + kHeader, args.Int(2), args.Int(3), args.GetPlane(0)->comm));
}

// sendFirst(plane, message, dest, tag): the first message of a value, composed by the caller.
napi_value SendFirst(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  const Bytes bytes = args.Memory(1);
  uint8_t* block = engine.TakeBlock();
  memcpy(block, bytes.data, bytes.size);
  return MakeInt(env, StartCopied(block, bytes.size, args.Int(2), args.Int(3), args.GetPlane(0)->comm));
}

// recvFirst(plane, source, tag): the first message of a value, into a slab slot. The slot is the caller's until the
// next call when the message is there (status[4]), and from completion on when it was pending (`extra`).
napi_value RecvFirst(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  const int32_t place = engine.TakeSlot();
  if (place < 0) return MakeInt(env, kNeedSlab);
  MPI_Request request;
  int error = MPI_Irecv(engine.SlotAddress(place), kSmall, MPI_BYTE, SourceOf(args.Int(1)), TagOf(args.Int(2)),
                        args.GetPlane(0)->comm, &request);
  MPI_Status outcome{};
  if (error != MPI_SUCCESS) {
    engine.GiveSlot(place);
    return MakeInt(env, Fail(error));
  }
  if (!engine.Immediately(&request, &outcome, &error, true)) {
    return MakeInt(env, engine.Add(request, Kind::kValueRecv, place));
  }
  engine.Report(outcome, error, true);
  engine.status[4] = place;
  engine.GiveSlot(place);
  return MakeInt(env, error == MPI_SUCCESS ? kDone : kFailed);
}

napi_value GiveSlot(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  engine.GiveSlot(args.Int(0));
  return nullptr;
}

// iprobe(plane, source, tag): whether a message is there; its envelope in the shared status.
napi_value Iprobe(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  int flag = 0;
  MPI_Status outcome;
  const int error =
      MPI_Iprobe(SourceOf(args.Int(1)), TagOf(args.Int(2)), args.GetPlane(0)->comm, &flag, &outcome);
  if (error != MPI_SUCCESS) return MakeInt(env, Fail(error));
  if (flag) engine.Report(outcome, MPI_SUCCESS, true);
  return MakeInt(env, flag);
}

// improbe(plane, source, tag): the message taken out of matching, or undefined.
napi_value Improbe(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  int flag = 0;
  MPI_Status outcome;
  MPI_Message message;
  const int error =
      MPI_Improbe(SourceOf(args.Int(1)), TagOf(args.Int(2)), args.GetPlane(0)->comm, &flag, &message, &outcome);
  if (error != MPI_SUCCESS) return MakeInt(env, Fail(error));
  if (!flag) return nullptr;
  engine.Report(outcome, MPI_SUCCESS, true);
  napi_value result;
  napi_create_external(
      env, new MPI_Message(message), [](napi_env, void* data, void*) { delete static_cast<MPI_Message*>(data); },
      nullptr, &result);
  return result;
}

MPI_Message* MessageOf(napi_env env, napi_value value) {
  void* data = nullptr;
  napi_get_value_external(env, value, &data);
  return static_cast<MPI_Message*>(data);
}

// mrecv(message, bytes, type): receives a matched message.
napi_value Mrecv(napi_env env, napi_callback_info info) {
  const Arguments<3> args(env, info);
  const Bytes bytes = args.Memory(1);
  const Extent extent = ExtentOf(bytes.size, args.Int(2));
  MPI_Request request;
  int error = PAR_LARGE(MPI_Imrecv)(bytes.data, extent.count, extent.type, MessageOf(env, args.values[0]), &request);
  MPI_Datatype derived = extent.type;
  if (extent.derived) MPI_Type_free(&derived);
  if (error != MPI_SUCCESS) return MakeInt(env, Fail(error));
  MPI_Status outcome;
  if (!engine.Immediately(&request, &outcome, &error, true)) return MakeInt(env, engine.Add(request, Kind::kRecv, bytes.size));
  engine.Report(outcome, error, true);
  return MakeInt(env, error == MPI_SUCCESS ? kDone : kFailed);
}

}  // namespace

void AddPointToPoint(napi_env env, napi_value exports) {
  AddCall(env, exports, "sendBuffer", SendBuffer);
  AddCall(env, exports, "recvBuffer", RecvBuffer);
  AddCall(env, exports, "sendSmall", SendSmall);
  AddCall(env, exports, "sendFirst", SendFirst);
  AddCall(env, exports, "recvFirst", RecvFirst);
  AddCall(env, exports, "giveSlot", GiveSlot);
  AddCall(env, exports, "iprobe", Iprobe);
  AddCall(env, exports, "improbe", Improbe);
  AddCall(env, exports, "mrecv", Mrecv);
}

}  // namespace par
