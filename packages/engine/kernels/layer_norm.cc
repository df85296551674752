// Layer normalisation over the last axis, one pass over memory each way.
#include <cmath>
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "vector.h"

namespace flexivit {
namespace {

float RowSum(const float* row, int64_t columns) {
  Vector sum{};
  for (int64_t i = 0; i < columns; i += kLanes) sum += Load(row + i, columns - i);
  return Sum(sum);
}

float RowSquaredDistance(const float* row, int64_t columns, float centre) {
  Vector sum{};
  int64_t i = 0;
  for (; i + kLanes <= columns; i += kLanes) {
    const Vector difference = Load(row + i) - centre;
    sum += difference * difference;
  }
  float rest = 0;
  for (; i < columns; i++) rest += (row[i] - centre) * (row[i] - centre);
  return Sum(sum) + rest;
}

// inputs x, scale, bias; outputs y, mean [rows, 1], inverse_std [rows, 1]; option: epsilon
void LayerNorm(const Context& context) {
  const Tensor x = context.Input(0), scale = context.Input(1), bias = context.Input(2);
  const int64_t rows = x.rows(), columns = x.columns();
  const Tensor y = context.Output(0, x.shape());
  const Tensor means = context.Output(1, {rows, 1}), inverse_stds = context.Output(2, {rows, 1});
  const float *from = x.data(), *s = scale.data(), *b = bias.data();
  float *to = y.data(), *mean_of = means.data(), *inverse_std_of = inverse_stds.data();
  ParallelRanges(rows, TaskCount(rows, 2 * columns), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const float* row = from + r * columns;
      const float mean = RowSum(row, columns) / columns;
      const float inverse_std = 1 / std::sqrt(RowSquaredDistance(row, columns, mean) / columns + context.option);
      for (int64_t i = 0; i < columns; i += kLanes) {
        const int64_t left = columns - i;
        const Vector normalised = (Load(row + i, left) - mean) * inverse_std;
        Store(to + r * columns + i, normalised * Load(s + i, left) + Load(b + i, left), left);
      }
      mean_of[r] = mean;
      inverse_std_of[r] = inverse_std;
    }
  });
}

// One row of the gradient. With n the normalised row and g = dy scale: dx = (g - mean(g) - n mean(g n)) / std.
void RowGradient(const float* dy, const float* x, const float* scale, float mean, float inverse_std, int64_t columns,
                 float* dx, float* dscale, float* dbias) {
  Vector sum_g{}, sum_gn{};
  for (int64_t i = 0; i < columns; i += kLanes) {
    const int64_t left = columns - i;
    const Vector d = Load(dy + i, left), n = (Load(x + i, left) - mean) * inverse_std, g = d * Load(scale + i, left);
    sum_g += g;
    sum_gn += g * n;
    Store(dscale + i, Load(dscale + i, left) + d * n, left);
    Store(dbias + i, Load(dbias + i, left) + d, left);
  }
  const float mean_g = Sum(sum_g) / columns, mean_gn = Sum(sum_gn) / columns;
  for (int64_t i = 0; i < columns; i += kLanes) {
    const int64_t left = columns - i;
    const Vector n = (Load(x + i, left) - mean) * inverse_std, g = Load(dy + i, left) * Load(scale + i, left);
    Store(dx + i, (g - mean_g - n * mean_gn) * inverse_std, left);
  }
}

// inputs dy, x, scale, mean, inverse_std; outputs dx, dscale, dbias
void LayerNormGrad(const Context& context) {
  const Tensor dy = context.Input(0), x = context.Input(1), scale = context.Input(2);
  const Tensor means = context.Input(3), inverse_stds = context.Input(4);
  const int64_t rows = x.rows(), columns = x.columns(), tasks = TaskCount(rows, 4 * columns);
  const Tensor dx = context.Output(0, x.shape()), dscale = context.Output(1, {columns}), dbias = context.Output(2, {columns});
  std::vector<float> partial(2 * tasks * columns);  // per task: dscale, dbias
  ParallelRanges(rows, tasks, [&](int64_t task, int64_t begin, int64_t end) {
    float* dscale_part = partial.data() + task * columns;
    float* dbias_part = partial.data() + (tasks + task) * columns;
    for (int64_t r = begin; r < end; r++)
      RowGradient(dy.data() + r * columns, x.data() + r * columns, scale.data(), means.data()[r], inverse_stds.data()[r],
                  columns, dx.data() + r * columns, dscale_part, dbias_part);
  });
  AddRows(partial.data(), tasks, columns, dscale.data());
  AddRows(partial.data() + tasks * columns, tasks, columns, dbias.data());
}

}  // namespace

std::vector<OpDefinition> LayerNormOps() {
  return {
      {"FlexivitLayerNorm", {"x", "scale", "bias"}, {"y", "mean", "inverse_std"}, ComputeWith<LayerNorm>},
      {"FlexivitLayerNormGrad", {"dy", "x", "scale", "mean", "inverse_std"}, {"dx", "dscale", "dbias"}, ComputeWith<LayerNormGrad>},
  };
}

}  // namespace flexivit
