// Entry point: loading the library into Node registers its operations with TensorFlow.
#include <node_api.h>

#include "kernels.h"

namespace {

// An empty string, or the first error. Runs once per process.
std::string RegisterAll() {
  using namespace flexivit;
  for (const auto& ops : {AttentionOps(), GeluOps(), LayerNormOps(), OptimizerOps(), RowOps(), SwigluOps()})
    for (const OpDefinition& op : ops)
      if (const std::string error = Register(op); !error.empty()) return error;
  return "";
}

}  // namespace

NAPI_MODULE_INIT() {
  static const std::string error = RegisterAll();
  if (!error.empty()) napi_throw_error(env, nullptr, error.c_str());
  return exports;
}
