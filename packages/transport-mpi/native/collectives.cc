// Collectives in MPI's nonblocking forms.
#include "arguments.h"
#include "calls.h"
#include "engine.h"

namespace par {

namespace {

int Pending(int error, MPI_Request request) {
  if (error != MPI_SUCCESS) {
    engine.status[2] = error;
    return kFailed;
  }
  MPI_Status outcome;
  if (engine.Immediately(&request, &outcome, &error, true)) {
    engine.status[2] = error;
    return error == MPI_SUCCESS ? kDone : kFailed;
  }
  return engine.Add(request, Kind::kCollective);
}

// barrier(plane)
napi_value Barrier(napi_env env, napi_callback_info info) {
  const Arguments<1> args(env, info);
  MPI_Request request;
  const int error = MPI_Ibarrier(args.GetPlane(0)->comm, &request);
  return MakeInt(env, Pending(error, request));
}

}  // namespace

void AddCollectives(napi_env env, napi_value exports) {
  AddCall(env, exports, "barrier", Barrier);
}

}  // namespace par
