// The gate of a gated perceptron after its bias: silu(gates) * values, where a row holds the gates and then the values.
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "vector.h"

namespace flexivit {
namespace {

Vector Sigmoid(Vector x) { return 1.0f / (1.0f + Exp(-x)); }

// inputs x [rows, 2 * hidden], bias [2 * hidden]; output y [rows, hidden]
void Swiglu(const Context& context) {
  const Tensor x = context.Input(0), bias = context.Input(1);
  const int64_t rows = x.rows(), hidden = x.columns() / 2;
  const Tensor y = context.Output(0, {rows, hidden});
  const float *from = x.data(), *b = bias.data();
  float* to = y.data();
  ParallelRanges(rows, TaskCount(rows, 8 * hidden), [=](int64_t, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const float* row = from + 2 * r * hidden;
      for (int64_t i = 0; i < hidden; i += kLanes) {
        const int64_t left = hidden - i;
        const Vector gate = Load(row + i, left) + Load(b + i, left);
        const Vector value = Load(row + hidden + i, left) + Load(b + hidden + i, left);
        Store(to + r * hidden + i, gate * Sigmoid(gate) * value, left);
      }
    }
  });
}

// One row, in place: y for dy, the gradients of the product for the product. With s = sigmoid(gate) and a = gate s:
// dvalue = dy a, dgate = dy value (s + a (1 - s)).
void RowGradient(float* dy, float* row, const float* bias, int64_t hidden, float* dbias) {
  for (int64_t i = 0; i < hidden; i += kLanes) {
    const int64_t left = hidden - i;
    const Vector d = Load(dy + i, left);
    const Vector gate = Load(row + i, left) + Load(bias + i, left);
    const Vector value = Load(row + hidden + i, left) + Load(bias + hidden + i, left);
    const Vector s = Sigmoid(gate), a = gate * s;
    const Vector dgate = d * value * (s + a * (1.0f - s)), dvalue = d * a;
    Store(dy + i, a * value, left);
    Store(row + i, dgate, left);
    Store(row + hidden + i, dvalue, left);
    Store(dbias + i, Load(dbias + i, left) + dgate, left);
    Store(dbias + hidden + i, Load(dbias + hidden + i, left) + dvalue, left);
  }
}

// inputs dy [rows, hidden], x, bias; outputs y in place of dy, dx in place of x, dbias
void SwigluGrad(const Context& context) {
  const Tensor dy = context.Input(0), x = context.Input(1), bias = context.Input(2);
  const int64_t rows = x.rows(), columns = x.columns(), hidden = columns / 2, tasks = TaskCount(rows, 8 * columns);
  const Tensor dbias = context.Output(2, {columns});
  float *d = dy.data(), *values = x.data();
  const float* b = bias.data();
  std::vector<float> partial(tasks * columns);
  ParallelRanges(rows, tasks, [&](int64_t task, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) RowGradient(d + r * hidden, values + r * columns, b, hidden, partial.data() + task * columns);
  });
  AddRows(partial.data(), tasks, columns, dbias.data());
  context.Forward(dy, 0);
  context.Forward(x, 1);
}

}  // namespace

std::vector<OpDefinition> SwigluOps() {
  return {
      {"FlexivitSwiglu", {"x", "bias"}, {"y"}, ComputeWith<Swiglu>},
      {"FlexivitSwigluGrad", {"dy", "x", "bias"}, {"y", "dx", "dbias"}, ComputeWith<SwigluGrad>},
  };
}

}  // namespace flexivit
