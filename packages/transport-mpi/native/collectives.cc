// Collectives in MPI's nonblocking forms, on the intracommunicator they are called for.
#include <algorithm>
#include <climits>

#include "arguments.h"
#include "calls.h"
#include "datatypes.h"
#include "engine.h"
#include "layout.h"
#include "ring.h"

namespace par {

namespace {

// Never null: some libraries refuse a null buffer even for no elements.
void* Address(const Bytes& bytes) {
  static char nothing[8];
  return bytes.data == nullptr ? nothing : bytes.data;
}

// What every call begins with: (plane, send | undefined, recv | undefined, type, …). Where a rank gives one of the two, in
// a call that has both, it is in place.
template <size_t N>
struct Call : Arguments<4 + N> {
  const MPI_Comm comm;
  const Bytes send;
  const Bytes recv;
  const int type;
  const MPI_Datatype datatype;
  MPI_Request request;

  Call(napi_env env, napi_callback_info info)
      : Arguments<4 + N>(env, info),
        comm(this->GetPlane(0)->comm),
        send(this->Memory(1)),
        recv(this->Memory(2)),
        type(this->Int(3)),
        datatype(DatatypeOf(type)) {}

  void* From() const { return this->Defined(1) ? Address(send) : MPI_IN_PLACE; }
  void* Into() const { return this->Defined(2) ? Address(recv) : MPI_IN_PLACE; }
  Count CountOf(const Bytes& bytes) const { return static_cast<Count>(bytes.size / SizeOf(type)); }

  // Lists of one number per rank, counts and displacements in turn, from the Float64Array in argument i.
  Layout* Lists(size_t i) const {
    const Bytes lists = this->Memory(i);
    const double* values = static_cast<const double*>(lists.data);
    const size_t ranks = static_cast<size_t>(this->GetPlane(0)->size);
    Layout* layout = new Layout;
    for (size_t from = 0; from < lists.size; from += ranks) {
      const double* end = values + std::min(from + ranks, lists.size);
      if (from / ranks % 2 == 0) {
        layout->counts.insert(layout->counts.end(), values + from, end);
      } else {
        layout->displs.insert(layout->displs.end(), values + from, end);
      }
    }
    return layout;
  }

  // Completes in the call or joins the pending operations. MPI reads `layout` until then.
  napi_value Started(int error, Layout* layout = nullptr) {
    MPI_Status outcome;
    int result = kDone;
    if (error != MPI_SUCCESS || engine.Immediately(&request, &outcome, &error, true)) {
      delete layout;
      engine.status[2] = error;
      if (error != MPI_SUCCESS) result = kFailed;
    } else {
      result = engine.Add(request, Kind::kCollective, std::max(send.size, recv.size));
      engine.At(result).layout = layout;
    }
    return MakeInt(this->env, result);
  }
};

// barrier(plane)
napi_value Barrier(napi_env env, napi_callback_info info) {
  Call<0> call(env, info);
  return call.Started(MPI_Ibarrier(call.comm, &call.request));
}

// bcast(plane, undefined, recv, type, root)
napi_value Bcast(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  return call.Started(PAR_LARGE(MPI_Ibcast)(Address(call.recv), call.CountOf(call.recv), call.datatype, call.Int(4),
                                            call.comm, &call.request));
}

// gather(plane, send | undefined, recv | undefined, type, root, lists): counts and displacements, at the root
napi_value Gather(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  Layout* layout = call.Lists(5);
  const int error = PAR_LARGE(MPI_Igatherv)(call.From(), call.CountOf(call.send), call.datatype, Address(call.recv),
                                            layout->counts.data(), layout->displs.data(), call.datatype, call.Int(4),
                                            call.comm, &call.request);
  return call.Started(error, layout);
}

// scatter(plane, send | undefined, recv | undefined, type, root, lists): counts and displacements, at the root
napi_value Scatter(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  Layout* layout = call.Lists(5);
  const int error = PAR_LARGE(MPI_Iscatterv)(Address(call.send), layout->counts.data(), layout->displs.data(),
                                             call.datatype, call.Into(), call.CountOf(call.recv), call.datatype,
                                             call.Int(4), call.comm, &call.request);
  return call.Started(error, layout);
}

// allgather(plane, send | undefined, recv, type, lists): counts and displacements
napi_value Allgather(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  Layout* layout = call.Lists(4);
  const int error =
      PAR_LARGE(MPI_Iallgatherv)(call.From(), call.CountOf(call.send), call.datatype, Address(call.recv),
                                 layout->counts.data(), layout->displs.data(), call.datatype, call.comm, &call.request);
  return call.Started(error, layout);
}

// allgatherEqual(plane, send | undefined, recv, type, count): blocks of one size, one after the other
napi_value AllgatherEqual(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  const Count count = static_cast<Count>(call.Number(4));
  return call.Started(PAR_LARGE(MPI_Iallgather)(call.From(), call.CountOf(call.send), call.datatype, Address(call.recv),
                                                count, call.datatype, call.comm, &call.request));
}

// alltoall(plane, send | undefined, recv, type, lists): counts and displacements sent, counts and displacements received
napi_value Alltoall(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  Layout* layout = call.Lists(4);
  const Count* counts = layout->counts.data();
  const Displ* displs = layout->displs.data();
  const size_t n = layout->counts.size() / 2;
  const int error =
      PAR_LARGE(MPI_Ialltoallv)(call.From(), counts, displs, call.datatype, Address(call.recv), counts + n, displs + n,
                                call.datatype, call.comm, &call.request);
  return call.Started(error, layout);
}

#if MPI_VERSION >= 4

constexpr napi_callback Exchange = Alltoall;

#else

// One element of a type that lies `place` bytes further on, however many it is made of and however far that is.
MPI_Datatype Placed(double count, double place, int type) {
  Extent extent = ExtentOf(static_cast<size_t>(count) * SizeOf(type), type);
  const MPI_Aint displ = static_cast<MPI_Aint>(place);
  MPI_Datatype placed;
  MPI_Type_create_hindexed(1, &extent.count, &displ, extent.type, &placed);
  MPI_Type_commit(&placed);
  if (extent.derived) MPI_Type_free(&extent.type);
  return placed;
}

// exchange(plane, send, recv, type, lists): as alltoall, for blocks of any length and at any distance. A call of its own on all
// ranks, since each knows the sizes of its own blocks only.
napi_value Exchange(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  const double* values = static_cast<const double*>(call.Memory(4).data);
  const size_t n = static_cast<size_t>(call.GetPlane(0)->size);
  const double width = static_cast<double>(SizeOf(call.type));
  uint8_t* from = static_cast<uint8_t*>(Address(call.send));
  uint8_t* into = static_cast<uint8_t*>(Address(call.recv));
  // Open MPI takes equal addresses for MPI_IN_PLACE: then sends count from one element further on.
  const size_t shift = from == into ? SizeOf(call.type) : 0;
  Layout* layout = new Layout;
  layout->counts.resize(2 * n);
  layout->displs.resize(2 * n);
  layout->types.assign(2 * n, call.datatype);
  for (size_t i = 0; i < 2 * n; i++) {
    const double* lists = values + (i < n ? i : n + i);
    const double count = lists[0];
    const double place = lists[n] * width - static_cast<double>(i < n ? shift : 0);
    if (count <= INT_MAX && place <= INT_MAX) {
      layout->counts[i] = static_cast<int>(count);
      layout->displs[i] = static_cast<int>(place);
    } else if (count > 0) {
      layout->counts[i] = 1;
      layout->types[i] = Placed(count, place, call.type);
      layout->derived.push_back(layout->types[i]);
    }
  }
  const int* counts = layout->counts.data();
  const int* displs = layout->displs.data();
  const MPI_Datatype* types = layout->types.data();
  const int error = MPI_Ialltoallw(from + shift, counts, displs, types, into, counts + n, displs + n, types + n,
                                   call.comm, &call.request);
  return call.Started(error, layout);
}

#endif

// reduce(plane, send | undefined, recv | undefined, type, op, root)
napi_value Reduce(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  const Count count = call.CountOf(call.Defined(1) ? call.send : call.recv);
  return call.Started(PAR_LARGE(MPI_Ireduce)(call.From(), Address(call.recv), count, call.datatype,
                                             OpOf(call.Int(4)), call.Int(5), call.comm, &call.request));
}

// allreduce(plane, send | undefined, recv, type, op, allRunPar): then all make the same choice of the library's algorithm
napi_value Allreduce(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  const Count count = call.CountOf(call.recv);
  const bool ring = call.Bool(5) && RingIsFaster(call.recv.size, static_cast<size_t>(count), call.GetPlane(0)->size);
  const void* from = call.From();
  Layout* layout = nullptr;
  if (ring && from == MPI_IN_PLACE) {
    const uint8_t* own = static_cast<const uint8_t*>(call.recv.data);
    layout = new Layout;
    layout->copy.assign(own, own + call.recv.size);
    from = layout->copy.data();
  }
  const InRing chosen(ring);
  const int error = PAR_LARGE(MPI_Iallreduce)(from, Address(call.recv), count, call.datatype, OpOf(call.Int(4)),
                                              call.comm, &call.request);
  return call.Started(error, layout);
}

// scan, exscan(plane, send | undefined, recv, type, op)
template <typename Start>
napi_value Elementwise(napi_env env, napi_callback_info info, Start start) {
  Call<1> call(env, info);
  return call.Started(start(call.From(), Address(call.recv), call.CountOf(call.recv), call.datatype, OpOf(call.Int(4)),
                            call.comm, &call.request));
}

napi_value Scan(napi_env env, napi_callback_info info) { return Elementwise(env, info, PAR_LARGE(MPI_Iscan)); }
napi_value Exscan(napi_env env, napi_callback_info info) { return Elementwise(env, info, PAR_LARGE(MPI_Iexscan)); }

// reduceScatter(plane, send | undefined, recv, type, op, lists): counts
napi_value ReduceScatter(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  Layout* layout = call.Lists(5);
  const int error = PAR_LARGE(MPI_Ireduce_scatter)(call.From(), Address(call.recv), layout->counts.data(),
                                                   call.datatype, OpOf(call.Int(4)), call.comm, &call.request);
  return call.Started(error, layout);
}

}  // namespace

void AddCollectives(napi_env env, napi_value exports) {
  AddCall(env, exports, "barrier", Barrier);
  AddCall(env, exports, "bcast", Bcast);
  AddCall(env, exports, "gather", Gather);
  AddCall(env, exports, "scatter", Scatter);
  AddCall(env, exports, "allgather", Allgather);
  AddCall(env, exports, "allgatherEqual", AllgatherEqual);
  AddCall(env, exports, "alltoall", Alltoall);
  AddCall(env, exports, "exchange", Exchange);
  AddCall(env, exports, "reduce", Reduce);
  AddCall(env, exports, "allreduce", Allreduce);
  AddCall(env, exports, "scan", Scan);
  AddCall(env, exports, "exscan", Exscan);
  AddCall(env, exports, "reduceScatter", ReduceScatter);
}

}  // namespace par
