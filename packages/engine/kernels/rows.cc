// Sums over rows, and what is added to every row.
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "vector.h"

namespace flexivit {

void AddRows(const float* from, int64_t rows, int64_t columns, float* to) {
  for (int64_t i = 0; i < columns; i += kLanes) {
    const int64_t left = columns - i;
    Vector sum{};
    for (int64_t r = 0; r < rows; r++) sum += Load(from + r * columns + i, left);
    Store(to + i, sum, left);
  }
}

namespace {

// input x; output sum [columns]
void ColumnSum(const Context& context) {
  const Tensor x = context.Input(0);
  const int64_t rows = x.rows(), columns = x.columns(), tasks = TaskCount(rows, columns);
  const Tensor sum = context.Output(0, {columns});
  std::vector<float> partial(tasks * columns);
  ParallelRanges(rows, tasks, [&](int64_t task, int64_t begin, int64_t end) {
    float* part = partial.data() + task * columns;
    for (int64_t r = begin; r < end; r++)
      for (int64_t i = 0; i < columns; i += kLanes) {
        const int64_t left = columns - i;
        Store(part + i, Load(part + i, left) + Load(x.data() + r * columns + i, left), left);
      }
  });
  AddRows(partial.data(), tasks, columns, sum.data());
}

// inputs x, bias [columns]; output x + bias, in place of x
void AddBias(const Context& context) {
  const Tensor x = context.Input(0), bias = context.Input(1);
  const int64_t rows = x.rows(), columns = x.columns();
  float* values = x.data();
  const float* b = bias.data();
  ParallelRanges(rows, TaskCount(rows, columns), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      for (int64_t i = 0; i < columns; i += kLanes) {
        const int64_t left = columns - i;
        Store(values + r * columns + i, Load(values + r * columns + i, left) + Load(b + i, left), left);
      }
  });
  context.Forward(x, 0);
}

}  // namespace

std::vector<OpDefinition> RowOps() {
  return {
      {"FlexivitColumnSum", {"x"}, {"sum"}, ComputeWith<ColumnSum>},
      {"FlexivitAddBias", {"x", "bias"}, {"y"}, ComputeWith<AddBias>},
  };
}

}  // namespace flexivit
