// AdamW's update of one parameter and the squared norm of one gradient, one pass over memory each.
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "vector.h"

namespace flexivit {
namespace {

constexpr int64_t kRun = 4096;  // numbers that one task takes at a time

// inputs param, gradient, m, v and settings [7]: b1, b2, epsilon, step size, 1 / (1 - b2^t), decay factor, gradient factor
// outputs param * decay - step * m / (sqrt(v * correction) + epsilon), m, v
void Adamw(const Context& context) {
  const Tensor param = context.Input(0), gradient = context.Input(1), m = context.Input(2), v = context.Input(3);
  const Tensor settings = context.Input(4);
  const Tensor new_param = context.Output(0, param.shape()), new_m = context.Output(1, param.shape()), new_v = context.Output(2, param.shape());
  const float *p = param.data(), *g = gradient.data(), *m0 = m.data(), *v0 = v.data(), *set = settings.data();
  float *p1 = new_param.data(), *m1 = new_m.data(), *v1 = new_v.data();
  const float b1 = set[0], b2 = set[1], epsilon = set[2], step = set[3], correction = set[4], decay = set[5], factor = set[6];
  const int64_t size = param.size(), runs = (size + kRun - 1) / kRun;
  ParallelRanges(runs, TaskCount(runs, 4 * kRun), [&](int64_t, int64_t begin, int64_t end) {
    const int64_t stop = end * kRun < size ? end * kRun : size;
    for (int64_t i = begin * kRun; i < stop; i += kLanes) {
      const int64_t left = stop - i;
      const Vector d = Load(g + i, left) * factor;
      const Vector first = Load(m0 + i, left) * b1 + d * (1 - b1);
      const Vector second = Load(v0 + i, left) * b2 + d * d * (1 - b2);
      Store(m1 + i, first, left);
      Store(v1 + i, second, left);
      Store(p1 + i, Load(p + i, left) * decay - first * step / (SquareRoot(second * correction) + epsilon), left);
    }
  });
}

// input x; output sum of squares, a scalar
void SumOfSquares(const Context& context) {
  const Tensor x = context.Input(0), sum = context.Output(0, {});
  const int64_t size = x.size(), runs = (size + kRun - 1) / kRun;
  std::vector<double> partial(runs);
  ParallelRanges(runs, TaskCount(runs, kRun), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t run = begin; run < end; run++) {
      const int64_t start = run * kRun, stop = start + kRun < size ? start + kRun : size;
      Vector total{};
      for (int64_t i = start; i < stop; i += kLanes) {
        const Vector v = Load(x.data() + i, stop - i);
        total += v * v;
      }
      partial[run] = Sum(total);
    }
  });
  double total = 0;
  for (const double part : partial) total += part;
  sum.data()[0] = static_cast<float>(total);
}

}  // namespace

std::vector<OpDefinition> OptimizerOps() {
  return {
      {"FlexivitAdamw", {"param", "gradient", "m", "v", "settings"}, {"new_param", "new_m", "new_v"}, ComputeWith<Adamw>},
      {"FlexivitSumOfSquares", {"x"}, {"sum"}, ComputeWith<SumOfSquares>},
  };
}

}  // namespace flexivit
