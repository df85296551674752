// TensorFlow operations of this library, over TensorFlow's C API.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernel_api.h"

namespace flexivit {

using Shape = std::vector<int64_t>;

// A float32 tensor that a running operation reads or writes.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}
  Tensor(Tensor&& other) noexcept : tensor_(other.tensor_) { other.tensor_ = nullptr; }
  Tensor(const Tensor&) = delete;
  ~Tensor();

  float* data() const;
  Shape shape() const;
  int64_t size() const;
  int64_t columns() const;  // length of the last axis
  int64_t rows() const;     // product of the other axes

 private:
  friend class Context;
  TF_Tensor* tensor_;
};

// What an operation sees while it runs. The callers in @flexivit/ops have checked all shapes.
class Context {
 public:
  Context(TF_OpKernelContext* context, float option) : option(option), context_(context) {}

  Tensor Input(int index) const;
  Tensor Output(int index, const Shape& shape) const;
  // Hands an input over as an output: for an operation that works in place on an input that nothing else reads.
  void Forward(const Tensor& input, int output) const;

  const float option;  // the operation's attribute "option", 0 where the caller gives none

 private:
  TF_OpKernelContext* context_;
};

using Compute = void (*)(void* option, TF_OpKernelContext* context);

template <void (*kRun)(const Context&)>
void ComputeWith(void* option, TF_OpKernelContext* context) {
  kRun(Context(context, *static_cast<float*>(option)));
}

struct OpDefinition {
  const char* name;
  std::vector<const char*> inputs, outputs;
  Compute compute;
};

// Registers the operation and its CPU kernel; returns an empty string, or what went wrong.
std::string Register(const OpDefinition& definition);

}  // namespace flexivit
