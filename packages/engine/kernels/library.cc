// Entry point: loading the library into Node registers its operations with TensorFlow and sets the allocator.
#include <node_api.h>

#include "kernels.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace {

// Keeps what is freed for the next activation of that size, instead of giving it back to the system, which would clear
// every page of it again: without, a training step takes tens of thousands of page faults where TensorFlow allocates by
// malloc (that is where its oneDNN operations are off).
void KeepFreedMemory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 2000 << 20);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

// An empty string, or the first error. Runs once per process.
std::string RegisterAll() {
  using namespace flexivit;
  for (const auto& ops : {AttentionOps(), GeluOps(), LayerNormOps(), OptimizerOps(), RowOps()})
    for (const OpDefinition& op : ops)
      if (const std::string error = Register(op); !error.empty()) return error;
  return "";
}

}  // namespace

NAPI_MODULE_INIT() {
  KeepFreedMemory();
  static const std::string error = RegisterAll();
  if (!error.empty()) napi_throw_error(env, nullptr, error.c_str());
  return exports;
}
