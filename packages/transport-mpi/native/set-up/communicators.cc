// Making and freeing communicators. Making one blocks until every member has called, except by startDuplicate: the JavaScript
// side calls only once it knows that all members are about to (see src/context/agreement.ts).
#include <string>
#include <vector>

#include "../calls.h"
#include "../engine.h"
#include "library.h"

namespace par {

namespace {

MPI_Comm CommOf(const Napi::Value& value) { return value.As<Napi::External<Plane>>().Data()->comm; }

Napi::Value MakeHandle(Napi::Env env, MPI_Comm comm) {
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  return HandleOf(env, NewPlane(comm));
}

std::vector<int> Ranks(const Napi::Value& value) {
  const Napi::Int32Array array = value.As<Napi::Int32Array>();
  return std::vector<int>(array.Data(), array.Data() + array.ElementLength());
}

// startDuplicate(handle): { handle, slot }: does not block; the handle is of use once the operation is complete and `finish`
// was called. Collective over the communicator.
Napi::Value StartDuplicate(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Plane* made = new Plane{MPI_COMM_NULL, -1, 0};
  Napi::Value handle = HandleOf(env, made);
  MPI_Request request;
  Check(env, MPI_Comm_idup(CommOf(info[0]), &made->comm, &request), "MPI_Comm_idup");
  Napi::Object result = Napi::Object::New(env);
  result["handle"] = handle;
  result["slot"] = engine.Add(request, Kind::kCollective);
  return result;
}

Napi::Value FinishDuplicate(const Napi::CallbackInfo& info) {
  Plane* made = info[0].As<Napi::External<Plane>>().Data();
  MPI_Comm_set_errhandler(made->comm, MPI_ERRORS_RETURN);
  Plane* described = NewPlane(made->comm);
  made->self = described->self;
  made->size = described->size;
  delete described;
  return info.Env().Undefined();
}

// createGroup(handle, ranks, tag): collective over those ranks.
Napi::Value CreateGroup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const MPI_Comm parent = CommOf(info[0]);
  const std::vector<int> ranks = Ranks(info[1]);
  MPI_Group all, chosen;
  Check(env, MPI_Comm_group(parent, &all), "MPI_Comm_group");
  int error = MPI_Group_incl(all, static_cast<int>(ranks.size()), ranks.data(), &chosen);
  MPI_Group_free(&all);
  Check(env, error, "MPI_Group_incl");
  MPI_Comm made;
  error = MPI_Comm_create_group(parent, chosen, info[2].As<Napi::Number>().Int32Value(), &made);
  MPI_Group_free(&chosen);
  Check(env, error, "MPI_Comm_create_group");
  return MakeHandle(env, made);
}

// intercomm(local, localLeader, bridge | undefined, remoteLeader, tag): collective over both groups.
Napi::Value Intercomm(const Napi::CallbackInfo& info) {
  const MPI_Comm bridge = info[2].IsUndefined() ? MPI_COMM_NULL : CommOf(info[2]);
  MPI_Comm made;
  Check(info.Env(),
        MPI_Intercomm_create(CommOf(info[0]), info[1].As<Napi::Number>().Int32Value(), bridge,
                             info[3].As<Napi::Number>().Int32Value(), info[4].As<Napi::Number>().Int32Value(), &made),
        "MPI_Intercomm_create");
  return MakeHandle(info.Env(), made);
}

// merge(handle, high): collective over both groups.
Napi::Value Merge(const Napi::CallbackInfo& info) {
  MPI_Comm made;
  Check(info.Env(), MPI_Intercomm_merge(CommOf(info[0]), info[1].As<Napi::Boolean>().Value(), &made),
        "MPI_Intercomm_merge");
  return MakeHandle(info.Env(), made);
}

// rankOf(handle): { rank, size }
Napi::Value RankOf(const Napi::CallbackInfo& info) {
  int rank = 0, size = 0;
  MPI_Comm_rank(CommOf(info[0]), &rank);
  MPI_Comm_size(CommOf(info[0]), &size);
  Napi::Object result = Napi::Object::New(info.Env());
  result["rank"] = rank;
  result["size"] = size;
  return result;
}

// worldRanks(handle): the world rank of each rank of the communicator.
Napi::Value WorldRanks(const Napi::CallbackInfo& info) {
  MPI_Group group, world;
  MPI_Comm_group(CommOf(info[0]), &group);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int size = 0;
  MPI_Group_size(group, &size);
  Napi::Int32Array result = Napi::Int32Array::New(info.Env(), size);
  std::vector<int> ranks(size);
  for (int i = 0; i < size; i++) ranks[i] = i;
  const int error = MPI_Group_translate_ranks(group, size, ranks.data(), world, result.Data());
  MPI_Group_free(&group);
  MPI_Group_free(&world);
  Check(info.Env(), error, "MPI_Group_translate_ranks");
  return result;
}

// free(handle)
Napi::Value Free(const Napi::CallbackInfo& info) {
  Plane* plane = info[0].As<Napi::External<Plane>>().Data();
  if (plane->comm != MPI_COMM_NULL && plane->comm != MPI_COMM_WORLD) {
    Check(info.Env(), MPI_Comm_free(&plane->comm), "MPI_Comm_free");
  }
  return info.Env().Undefined();
}

}  // namespace

void AddCommunicators(napi_env env, napi_value exports) {
  AddCalls(env, exports,
           {{"startDuplicate", StartDuplicate},
            {"finishDuplicate", FinishDuplicate},
            {"createGroup", CreateGroup},
            {"intercomm", Intercomm},
            {"merge", Merge},
            {"rankOf", RankOf},
            {"worldRanks", WorldRanks},
            {"free", Free}});
}

}  // namespace par
