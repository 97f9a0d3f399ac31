// Start, end and identity of the MPI library. Nothing here is on a hot path.
#include "library.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "../calls.h"
#include "../engine.h"

namespace par {

namespace {

std::atomic<bool> owned_{false};
// Status every rank is to end with; 0: this rank has not aborted.
int abortStatus_ = 0;

struct ErrorName {
  int value;
  const char* name;
};

const ErrorName kErrorNames[] = {
    {MPI_ERR_BUFFER, "MPI_ERR_BUFFER"},     {MPI_ERR_COUNT, "MPI_ERR_COUNT"},
    {MPI_ERR_TYPE, "MPI_ERR_TYPE"},         {MPI_ERR_TAG, "MPI_ERR_TAG"},
    {MPI_ERR_COMM, "MPI_ERR_COMM"},         {MPI_ERR_RANK, "MPI_ERR_RANK"},
    {MPI_ERR_REQUEST, "MPI_ERR_REQUEST"},   {MPI_ERR_ROOT, "MPI_ERR_ROOT"},
    {MPI_ERR_GROUP, "MPI_ERR_GROUP"},       {MPI_ERR_OP, "MPI_ERR_OP"},
    {MPI_ERR_TOPOLOGY, "MPI_ERR_TOPOLOGY"}, {MPI_ERR_DIMS, "MPI_ERR_DIMS"},
    {MPI_ERR_ARG, "MPI_ERR_ARG"},           {MPI_ERR_UNKNOWN, "MPI_ERR_UNKNOWN"},
    {MPI_ERR_TRUNCATE, "MPI_ERR_TRUNCATE"}, {MPI_ERR_OTHER, "MPI_ERR_OTHER"},
    {MPI_ERR_INTERN, "MPI_ERR_INTERN"},     {MPI_ERR_PENDING, "MPI_ERR_PENDING"},
    {MPI_ERR_NO_MEM, "MPI_ERR_NO_MEM"},
};

std::string ClassName(int error) {
  int errorClass = MPI_ERR_UNKNOWN;
  MPI_Error_class(error, &errorClass);
  for (const ErrorName& entry : kErrorNames) {
    if (entry.value == errorClass) return entry.name;
  }
  return "MPI error class " + std::to_string(errorClass);
}

std::string Text(int error) {
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(error, text, &length);
  return std::string(text, length);
}

// Components of Open MPI are plug-ins that look for its symbols in the global scope, which dlopen of an addon leaves out.
void MakeGlobal() {
  Dl_info found;
  if (dladdr(reinterpret_cast<void*>(&MPI_Init_thread), &found) != 0 && found.dli_fname != nullptr) {
    dlopen(found.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
  }
}

Napi::Object MakePlane(Napi::Env env, MPI_Comm comm) {
  Napi::Object plane = Napi::Object::New(env);
  plane["handle"] = HandleOf(env, NewPlane(comm));
  int rank = 0, size = 0, inter = 0, remote = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  MPI_Comm_test_inter(comm, &inter);
  if (inter) MPI_Comm_remote_size(comm, &remote);
  plane["rank"] = rank;
  plane["size"] = size;
  plane["remoteSize"] = remote;
  return plane;
}

std::string LibraryVersion() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  return std::string(text, length);
}

// libraryVersion(): also before MPI has started.
Napi::Value LibraryVersionCall(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), LibraryVersion());
}

// init(): { threadLevel, version, library, rank, size, processor, tagMax, appnum }
Napi::Value Init(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (owned_.exchange(true)) {
    throw Napi::Error::New(env, "MPI was started in this process before, and it starts only once");
  }
  MakeGlobal();
  int initialized = 0, provided = 0;
  MPI_Initialized(&initialized);
  if (initialized) {
    MPI_Query_thread(&provided);
  } else {
    const int error = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
    if (error != MPI_SUCCESS) throw Napi::Error::New(env, "MPI_Init_thread failed");
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  engine.active = true;
  int major = 0, minor = 0;
  MPI_Get_version(&major, &minor);
  const std::string library = LibraryVersion();
  engine.overruns = library.find("Open MPI") != std::string::npos;
  char processor[MPI_MAX_PROCESSOR_NAME] = "";
  int processorLength = 0;
  MPI_Get_processor_name(processor, &processorLength);
  Napi::Object result = Napi::Object::New(env);
  result["threadLevel"] = provided == MPI_THREAD_MULTIPLE     ? "multiple"
                          : provided == MPI_THREAD_SERIALIZED ? "serialized"
                          : provided == MPI_THREAD_FUNNELED   ? "funneled"
                                                              : "single";
  result["version"] = std::to_string(major) + "." + std::to_string(minor);
  result["library"] = library;
  result["processor"] = std::string(processor, processorLength);
  void* value = nullptr;
  int set = 0;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &set);
  result["tagMax"] = set ? *static_cast<int*>(value) : 32767;
  result["world"] = MakePlane(env, MPI_COMM_WORLD);
  return result;
}

// cores(): bit mask of the cores this process may run on, as a string of 0 and 1.
Napi::Value Cores(const Napi::CallbackInfo& info) {
  std::string mask;
#ifdef __linux__
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) {
    for (int i = 0; i < CPU_SETSIZE; i++) mask += CPU_ISSET(i, &cores) ? '1' : '0';
    mask.erase(mask.find_last_not_of('0') + 1);
  }
#endif
  return Napi::String::New(info.Env(), mask);
}

// session(): the session this process belongs to.
Napi::Value Session(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), getsid(0)); }

// describe(error): { errorClass, text }
Napi::Value Describe(const Napi::CallbackInfo& info) {
  const int error = info[0].As<Napi::Number>().Int32Value();
  Napi::Object result = Napi::Object::New(info.Env());
  result["errorClass"] = ClassName(error);
  result["text"] = Text(error);
  result["truncated"] = ClassName(error) == "MPI_ERR_TRUNCATE";
  return result;
}

// finalize(plane | undefined): ends MPI. With a plane, first waits for all its ranks to get here too: the ordinary end
// does that from the loop, but a process that leaves from process.exit has no loop any more.
Napi::Value Finalize(const Napi::CallbackInfo& info) {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!engine.active || finalized) return info.Env().Undefined();
  engine.active = false;
  engine.EndReceives();
  if (!info[0].IsUndefined()) {
    MPI_Request request;
    int done = MPI_Ibarrier(info[0].As<Napi::External<Plane>>().Data()->comm, &request) != MPI_SUCCESS;
    while (!done) {
      if (MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) break;
      if (!done) usleep(100);
    }
  }
  if (MPI_Finalize() != MPI_SUCCESS) throw Napi::Error::New(info.Env(), "MPI_Finalize failed");
  return info.Env().Undefined();
}

bool IsRead(int output) {
  struct stat kind;
  int unread = 0;
  if (fstat(output, &kind) != 0 || !S_ISFIFO(kind.st_mode)) return true;
  return ioctl(output, FIONREAD, &unread) != 0 || unread == 0;
}

// Launchers drop what a rank has printed and they have not read yet when they hear of MPI_Abort. This waits until they have, for
// a second at most.
void WaitForReaders() {
  for (int i = 0; i < 1000 && !(IsRead(STDOUT_FILENO) && IsRead(STDERR_FILENO)); i++) {
    usleep(1000);
  }
}

void AbortNow() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!engine.active || abortStatus_ == 0 || finalized) return;
  WaitForReaders();
  MPI_Abort(MPI_COMM_WORLD, abortStatus_);
}

// abort(status): ends every rank as this process exits, after everything it still prints: MPI_Abort does not return.
Napi::Value Abort(const Napi::CallbackInfo& info) {
  if (abortStatus_ == 0) {
    abortStatus_ = info[0].As<Napi::Number>().Int32Value();
    atexit(AbortNow);
  }
  return info.Env().Undefined();
}

// abortNow(): does not return.
Napi::Value AbortNowCall(const Napi::CallbackInfo& info) {
  AbortNow();
  return info.Env().Undefined();
}

}  // namespace

void Check(Napi::Env env, int error, const char* op) {
  if (error == MPI_SUCCESS) return;
  Napi::Error thrown = Napi::Error::New(env, std::string(op) + ": " + Text(error));
  thrown.Set("errorClass", Napi::String::New(env, ClassName(error)));
  thrown.Set("op", Napi::String::New(env, op));
  throw thrown;
}

void AddCalls(napi_env env, napi_value exports, std::initializer_list<std::pair<const char*, Call>> calls) {
  for (const auto& [name, call] : calls) Napi::Object(env, exports).Set(name, Napi::Function::New(env, call, name));
}

Napi::Value HandleOf(Napi::Env env, Plane* plane) {
  return Napi::External<Plane>::New(env, plane, [](Napi::Env, Plane* p) { delete p; });
}

void AddLibrary(napi_env env, napi_value exports) {
  AddCalls(env, exports,
           {{"libraryVersion", LibraryVersionCall},
            {"init", Init},
            {"cores", Cores},
            {"session", Session},
            {"describe", Describe},
            {"finalize", Finalize},
            {"abort", Abort},
            {"abortNow", AbortNowCall}});
}

}  // namespace par
