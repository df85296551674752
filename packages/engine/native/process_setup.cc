// Loaded before TensorFlow: sets what must be in place when its large library starts, and tidies up behind it.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

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

// Lets TensorFlow's libraries find the functions of block_cache.cc.
void PutInGlobalScope() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(PutInGlobalScope), &self)) dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
}

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

// Lets go of the pages of one library that only its file can have filled: its read-only segments. What is relocated or
// written lies in writable ones.
int ReleaseReadOnlyPages(dl_phdr_info* info, size_t, void*) {
  if (!std::strstr(info->dlpi_name, "libtensorflow")) return 0;
  const uintptr_t page = sysconf(_SC_PAGESIZE);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W)) continue;
    const uintptr_t begin = (info->dlpi_addr + segment.p_vaddr) / page * page;
    const uintptr_t end = (info->dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) / page * page;
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

// releaseStartPages(): lets go of what only the start of TensorFlow reads (relocations, initialisers, registrations: 200 of
// its 250 MB). A page that is needed again comes back from the system's cache of the file.
napi_value ReleaseStartPages(napi_env, napi_callback_info) {
  dl_iterate_phdr(ReleaseReadOnlyPages, nullptr);
  return nullptr;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  PutInGlobalScope();
  Export(env, exports, "loadQuietly", LoadQuietly);
  Export(env, exports, "releaseStartPages", ReleaseStartPages);
  return exports;
}
