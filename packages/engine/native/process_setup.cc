// Loaded before TensorFlow: sets what must be in place when its large library starts.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

namespace {

// TensorFlow's static initialisers write to the terminal before they look at TF_CPP_MIN_LOG_LEVEL, so
// the error stream points to nowhere while the library loads. dlerror still tells what went wrong.
class ErrorStreamAside {
 public:
  ErrorStreamAside() : kept_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept_ >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) close(nowhere);
  }
  ~ErrorStreamAside() {
    if (kept_ < 0) return;
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }

 private:
  const int kept_;
};

// loadQuietly(): loads TensorFlow's library, which the addon then finds loaded; throws if it can't be.
napi_value LoadQuietly(napi_env env, napi_callback_info) {
  void* library;
  {
    ErrorStreamAside aside;
    library = dlopen("libtensorflow_cc.so.2", RTLD_LAZY | RTLD_LOCAL);
  }
  if (!library) napi_throw_error(env, nullptr, dlerror());
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "loadQuietly", NAPI_AUTO_LENGTH, LoadQuietly, nullptr, &function);
  napi_set_named_property(env, exports, "loadQuietly", function);
  return exports;
}
