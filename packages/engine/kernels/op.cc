#include "op.h"

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

namespace flexivit {
namespace {

class Status {
 public:
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  std::string message() const { return ok() ? "" : TF_Message(status_); }

 private:
  TF_Status* const status_ = TF_NewStatus();
};

void* CreateOption(TF_OpKernelConstruction* construction) {
  Status status;
  auto* option = new float(0);
  TF_OpKernelConstruction_GetAttrFloat(construction, "option", option, status);
  if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status);
  return option;
}

void DeleteOption(void* option) { delete static_cast<float*>(option); }

void UnknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

}  // namespace

Tensor::~Tensor() {
  if (tensor_) TF_DeleteTensor(tensor_);
}

float* Tensor::data() const { return static_cast<float*>(TF_TensorData(tensor_)); }

Shape Tensor::shape() const {
  Shape shape(TF_NumDims(tensor_));
  for (size_t i = 0; i < shape.size(); i++) shape[i] = TF_Dim(tensor_, static_cast<int>(i));
  return shape;
}

int64_t Tensor::size() const { return TF_TensorElementCount(tensor_); }

int64_t Tensor::columns() const {
  const int rank = TF_NumDims(tensor_);
  return rank == 0 ? 1 : TF_Dim(tensor_, rank - 1);
}

int64_t Tensor::rows() const { return columns() == 0 ? 0 : size() / columns(); }

Tensor Context::Input(int index) const {
  Status status;
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, index, &tensor, status);
  return Tensor(tensor);
}

Tensor Context::Output(int index, const Shape& shape) const {
  Status status;
  size_t bytes = sizeof(float);
  for (const int64_t length : shape) bytes *= length;
  return Tensor(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), bytes, status));
}

void Context::Forward(const Tensor& input, int output) const {
  Status status;
  TF_SetOutput(context_, output, input.tensor_, status);
}

std::string Register(const OpDefinition& definition) {
  Status status;
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(op, (std::string(input) + ": float").c_str());
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(op, (std::string(output) + ": float").c_str());
  TF_OpDefinitionBuilderAddAttr(op, "option: float = 0.0");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, UnknownShapes);
  TF_RegisterOpDefinition(op, status);
  if (!status.ok()) return status.message();
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(definition.name, "CPU", CreateOption, definition.compute, DeleteOption);
  TF_RegisterKernelBuilder(definition.name, kernel, status);
  return status.message();
}

}  // namespace flexivit
