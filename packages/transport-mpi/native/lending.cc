// Memory lent to MPI must not be taken away: JavaScript can detach an ArrayBuffer (transfer, structuredClone, postMessage) while MPI
// writes to it. Node-API has no call against that; V8 has a detach key (ECMA-262 §25.1.3.5), found here by its name in the running Node.
#include <dlfcn.h>

#include "arguments.h"
#include "calls.h"

namespace par {

namespace {

// v8::ArrayBuffer::SetDetachKey(v8::Local<v8::Value>). A napi_value is a v8::Local, and that a pointer to a handle
// (checked by static_assert in Node's own js_native_api_v8.h).
using SetDetachKey = void (*)(napi_value, napi_value);

SetDetachKey Find() {
  return reinterpret_cast<SetDetachKey>(
      dlsym(RTLD_DEFAULT, "_ZN2v811ArrayBuffer12SetDetachKeyENS_5LocalINS_5ValueEEE"));
}

// setDetachKey(arrayBuffer, key): only who has the key can detach it from now on; undefined: everybody. False where V8 has no
// such call.
napi_value SetDetachKeyCall(napi_env env, napi_callback_info info) {
  static const SetDetachKey set = Find();
  const Arguments<2> args(env, info);
  if (set != nullptr) set(args.values[0], args.values[1]);
  napi_value found;
  napi_get_boolean(env, set != nullptr, &found);
  return found;
}

}  // namespace

void AddLending(napi_env env, napi_value exports) { AddCall(env, exports, "setDetachKey", SetDetachKeyCall); }

}  // namespace par
