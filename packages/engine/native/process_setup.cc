// Loaded before TensorFlow's large library: sets what must be in place when that one starts.
#include <dlfcn.h>
#include <node_api.h>

#include <cstdint>

namespace {

// absl::SetMinLogLevel of the Abseil inside TensorFlow 2.21. Static initialisers of TensorFlow log
// before they read TF_CPP_MIN_LOG_LEVEL; where the symbol has another name they stay talkative.
const char* const kSetMinLogLevel = "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE";

// setLogLevel(level): 0 information, 1 warnings, 2 errors, 3 fatal errors. Gives whether it took effect.
napi_value SetLogLevel(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  int32_t level = 2;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &level);
  bool done = false;
  if (void* framework = dlopen("libtensorflow_framework.so.2", RTLD_NOW | RTLD_LOCAL)) {
    using Setter = void (*)(int);
    if (auto set = reinterpret_cast<Setter>(dlsym(framework, kSetMinLogLevel))) {
      set(level);
      done = true;
    }
  }
  napi_get_boolean(env, done, &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "setLogLevel", NAPI_AUTO_LENGTH, SetLogLevel, nullptr, &function);
  napi_set_named_property(env, exports, "setLogLevel", function);
  return exports;
}
