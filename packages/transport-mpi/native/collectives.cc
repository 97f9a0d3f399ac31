// Collectives in MPI's nonblocking forms, on the intracommunicator they are called for.
#include <vector>

#include "arguments.h"
#include "calls.h"
#include "datatypes.h"
#include "engine.h"

namespace par {

namespace {

// Completes in the call or joins the pending operations. MPI reads `arguments` until then.
int Finish(int error, MPI_Request request, size_t bytes, std::vector<int>* arguments = nullptr) {
  MPI_Status outcome;
  if (error != MPI_SUCCESS || engine.Immediately(&request, &outcome, &error, true)) {
    delete arguments;
    engine.status[2] = error;
    return error == MPI_SUCCESS ? kDone : kFailed;
  }
  const int slot = engine.Add(request, Kind::kCollective, bytes);
  engine.At(slot).arguments = arguments;
  return slot;
}

// Counts and displacements (Int32Arrays, in elements) of each rank's block, kept until MPI is done with them.
struct Layout {
  std::vector<int>* all;
  size_t ranks;
  Layout(const Bytes& counts, const Bytes& displs) : all(new std::vector<int>), ranks(counts.size) {
    Append(counts);
    Append(displs);
  }
  void Append(const Bytes& list) {
    const int* values = static_cast<const int*>(list.data);
    if (list.size > 0) all->insert(all->end(), values, values + list.size);
  }
  const int* Counts() const { return all->data(); }
  const int* Displs() const { return all->data() + ranks; }
};

int CountOf(const Bytes& bytes, int type) { return static_cast<int>(bytes.size / SizeOf(type)); }

// Never null: some libraries refuse a null buffer even for no elements.
void* Address(const Bytes& bytes) {
  static char nothing[8];
  return bytes.data == nullptr ? nothing : bytes.data;
}

// barrier(plane)
napi_value Barrier(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  MPI_Request request;
  const int error = MPI_Ibarrier(args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, 0));
}

// bcast(plane, bytes, type, root)
napi_value Bcast(napi_env env, napi_callback_info info) {
  const Arguments<4> args(env, info);
  const Bytes bytes = args.Memory(1);
  Extent extent = ExtentOf(bytes.size, args.Int(2));
  MPI_Request request;
  const int error = PAR_LARGE(MPI_Ibcast)(Address(bytes), extent.count, extent.type, args.Int(3), args.GetPlane(0)->comm,
                               &request);
  if (extent.derived) MPI_Type_free(&extent.type);
  return MakeInt(env, Finish(error, request, bytes.size));
}

// gather(plane, send | undefined, recv | undefined, type, counts, displs, root)
napi_value Gather(napi_env env, napi_callback_info info) {
  const Arguments<7> args(env, info);
  const int type = args.Int(3);
  const MPI_Datatype datatype = DatatypeOf(type);
  const Bytes send = args.Memory(1);
  const Bytes recv = args.Memory(2);
  const Layout layout(args.Memory(4), args.Memory(5));
  const int root = args.Int(6);
  void* from = args.Defined(1) ? Address(send) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = MPI_Igatherv(from, CountOf(send, type), datatype, Address(recv), layout.Counts(), layout.Displs(),
                                 datatype, root, args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, send.size + recv.size, layout.all));
}

// scatter(plane, send | undefined, recv | undefined, type, counts, displs, root)
napi_value Scatter(napi_env env, napi_callback_info info) {
  const Arguments<7> args(env, info);
  const int type = args.Int(3);
  const MPI_Datatype datatype = DatatypeOf(type);
  const Bytes send = args.Memory(1);
  const Bytes recv = args.Memory(2);
  const Layout layout(args.Memory(4), args.Memory(5));
  const int root = args.Int(6);
  void* into = args.Defined(2) ? Address(recv) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = MPI_Iscatterv(Address(send), layout.Counts(), layout.Displs(), datatype, into, CountOf(recv, type),
                                  datatype, root, args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, send.size + recv.size, layout.all));
}

// allgather(plane, send | undefined, recv, type, counts, displs, equal): `equal` blocks, one after the other
napi_value Allgather(napi_env env, napi_callback_info info) {
  const Arguments<7> args(env, info);
  const int type = args.Int(3);
  const MPI_Datatype datatype = DatatypeOf(type);
  const Bytes send = args.Memory(1);
  const Bytes recv = args.Memory(2);
  const Layout layout(args.Memory(4), args.Memory(5));
  const void* from = args.Defined(1) ? Address(send) : MPI_IN_PLACE;
  const MPI_Comm comm = args.GetPlane(0)->comm;
  MPI_Request request;
  const int error =
      args.Bool(6) ? MPI_Iallgather(from, CountOf(send, type), datatype, Address(recv), layout.Counts()[0], datatype,
                                    comm, &request)
                   : MPI_Iallgatherv(from, CountOf(send, type), datatype, Address(recv), layout.Counts(),
                                     layout.Displs(), datatype, comm, &request);
  return MakeInt(env, Finish(error, request, recv.size, layout.all));
}

// alltoall(plane, send | undefined, recv, type, sendCounts, sendDispls, recvCounts, recvDispls)
napi_value Alltoall(napi_env env, napi_callback_info info) {
  const Arguments<8> args(env, info);
  const MPI_Datatype datatype = DatatypeOf(args.Int(3));
  Layout layout(args.Memory(4), args.Memory(5));
  layout.Append(args.Memory(6));
  layout.Append(args.Memory(7));
  const int* all = layout.all->data();
  const size_t n = layout.ranks;
  const void* from = args.Defined(1) ? Address(args.Memory(1)) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = MPI_Ialltoallv(from, all, all + n, datatype, Address(args.Memory(2)), all + 2 * n, all + 3 * n,
                                   datatype, args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, args.Memory(2).size, layout.all));
}

// reduce(plane, send | undefined, recv | undefined, type, op, root)
napi_value Reduce(napi_env env, napi_callback_info info) {
  const Arguments<6> args(env, info);
  const int type = args.Int(3);
  const int root = args.Int(5);
  const Bytes recv = args.Memory(2);
  const bool given = args.Defined(1);
  const Bytes send = given ? args.Memory(1) : recv;
  const void* from = given ? Address(send) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = MPI_Ireduce(from, Address(recv), CountOf(send, type), DatatypeOf(type), OpOf(args.Int(4)), root,
                                args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, send.size));
}

// allreduce, scan, exscan(plane, send | undefined, recv, type, op)
template <typename Call>
napi_value Elementwise(napi_env env, napi_callback_info info, Call call) {
  const Arguments<5> args(env, info);
  const int type = args.Int(3);
  const Bytes recv = args.Memory(2);
  const void* from = args.Defined(1) ? Address(args.Memory(1)) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = call(from, Address(recv), CountOf(recv, type), DatatypeOf(type), OpOf(args.Int(4)),
                         args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, recv.size));
}

napi_value Allreduce(napi_env env, napi_callback_info info) { return Elementwise(env, info, MPI_Iallreduce); }
napi_value Scan(napi_env env, napi_callback_info info) { return Elementwise(env, info, MPI_Iscan); }
napi_value Exscan(napi_env env, napi_callback_info info) { return Elementwise(env, info, MPI_Iexscan); }

// reduceScatter(plane, send | undefined, recv, type, op, counts)
napi_value ReduceScatter(napi_env env, napi_callback_info info) {
  const Arguments<6> args(env, info);
  const Layout layout(args.Memory(5), Bytes{nullptr, 0});
  const void* from = args.Defined(1) ? Address(args.Memory(1)) : MPI_IN_PLACE;
  MPI_Request request;
  const int error = MPI_Ireduce_scatter(from, Address(args.Memory(2)), layout.Counts(), DatatypeOf(args.Int(3)),
                                        OpOf(args.Int(4)), args.GetPlane(0)->comm, &request);
  return MakeInt(env, Finish(error, request, args.Memory(2).size, layout.all));
}

}  // namespace

void AddCollectives(napi_env env, napi_value exports) {
  AddCall(env, exports, "barrier", Barrier);
  AddCall(env, exports, "bcast", Bcast);
  AddCall(env, exports, "gather", Gather);
  AddCall(env, exports, "scatter", Scatter);
  AddCall(env, exports, "allgather", Allgather);
  AddCall(env, exports, "alltoall", Alltoall);
  AddCall(env, exports, "reduce", Reduce);
  AddCall(env, exports, "allreduce", Allreduce);
  AddCall(env, exports, "scan", Scan);
  AddCall(env, exports, "exscan", Exscan);
  AddCall(env, exports, "reduceScatter", ReduceScatter);
}

}  // namespace par
