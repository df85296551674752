// GELU, exact (option 0) or by its tanh approximation (option 1), alone or after a bias.
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "vector.h"

namespace flexivit {
namespace {

// P(x), by which the unit multiplies x, and the derivative of P.
struct Probability {
  Vector value, slope;
};

// The normal distribution function. With a = |x| and t = 1 / (1 + 0.33 a), P(-a) e^(a^2 / 2) is t times a polynomial
// in t, fitted at Chebyshev nodes for a in 0..10: off by 2e-9 at most, before rounding.
struct Exact {
  static Probability At(Vector x) {
    const Vector a = x < 0 ? -x : x;
    const Vector t = 1.0f / (1.0f + 0.33f * a);
    Vector p = -0.025657709067267376f * t + 0.146600387870016f;
    p = p * t - 0.3156682138987315f;
    p = p * t + 0.27997648176509676f;
    p = p * t - 0.0947040716080946f;
    p = p * t + 0.13807492186608325f;
    p = p * t + 0.10690231849827742f;
    p = p * t + 0.13288830689706982f;
    p = p * t + 0.131587575769658f;
    const Vector bell = Exp(x * x * -0.5f);
    const Vector tail = bell * t * p;
    return {x > 0 ? 1.0f - tail : tail, bell * 0.3989422804014327f};
  }
};

// (1 + tanh u) / 2 = 1 / (1 + e^-2u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct Approximate {
  static Probability At(Vector x) {
    const float twice_root = 1.5957691216057308f;
    const Vector square = x * x;
    const Vector e = Exp(x * (square * 0.044715f + 1.0f) * -twice_root);
    const Vector p = 1.0f / (1.0f + e);
    return {p, p * (p * e) * ((square * (3 * 0.044715f) + 1.0f) * twice_root)};
  }
};

template <class Form>
Vector Gelu(Vector x) {
  return x * Form::At(x).value;
}

// Runs body(i, left) over rows of a matrix with every thread; i counts within the row.
template <class Body>
void ForEach(int64_t rows, int64_t columns, const Body& body) {
  ParallelRanges(rows, TaskCount(rows, 8 * columns), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      for (int64_t i = 0; i < columns; i += kLanes) body(r * columns + i, i, columns - i);
  });
}

// Runs of numbers that one task takes, for tensors whose axes don't matter.
constexpr int64_t kRun = 1024;

template <class Body>
void ForEachFlat(int64_t size, const Body& body) {
  const int64_t runs = (size + kRun - 1) / kRun;
  ParallelRanges(runs, TaskCount(runs, 8 * kRun), [&](int64_t, int64_t begin, int64_t end) {
    const int64_t stop = end * kRun < size ? end * kRun : size;
    for (int64_t i = begin * kRun; i < stop; i += kLanes) body(i, stop - i);
  });
}

template <class Form>
void RunGelu(const Context& context) {
  const Tensor x = context.Input(0), y = context.Output(0, x.shape());
  const float* from = x.data();
  float* to = y.data();
  ForEachFlat(x.size(), [=](int64_t at, int64_t left) { Store(to + at, Gelu<Form>(Load(from + at, left)), left); });
}

template <class Form>
void RunGeluGrad(const Context& context) {
  const Tensor dy = context.Input(0), x = context.Input(1), dx = context.Output(0, x.shape());
  const float *d = dy.data(), *from = x.data();
  float* to = dx.data();
  ForEachFlat(x.size(), [=](int64_t at, int64_t left) {
    const Vector v = Load(from + at, left);
    const Probability p = Form::At(v);
    Store(to + at, Load(d + at, left) * (p.value + v * p.slope), left);
  });
}

template <class Form>
void RunBiasGelu(const Context& context) {
  const Tensor x = context.Input(0), bias = context.Input(1), y = context.Output(0, x.shape());
  const float *from = x.data(), *b = bias.data();
  float* to = y.data();
  ForEach(x.rows(), x.columns(), [=](int64_t at, int64_t i, int64_t left) {
    Store(to + at, Gelu<Form>(Load(from + at, left) + Load(b + i, left)), left);
  });
}

template <class Form>
void RunBiasGeluGrad(const Context& context) {
  const Tensor dy = context.Input(0), x = context.Input(1), bias = context.Input(2);
  const int64_t rows = x.rows(), columns = x.columns(), tasks = TaskCount(rows, 8 * columns);
  const Tensor dbias = context.Output(2, {columns});
  float *d = dy.data(), *values = x.data();
  const float* b = bias.data();
  std::vector<float> partial(tasks * columns);
  ParallelRanges(rows, tasks, [&](int64_t task, int64_t begin, int64_t end) {
    float* part = partial.data() + task * columns;
    for (int64_t r = begin; r < end; r++)
      for (int64_t i = 0; i < columns; i += kLanes) {
        const int64_t at = r * columns + i, left = columns - i;
        const Vector v = Load(values + at, left) + Load(b + i, left);
        const Probability p = Form::At(v);
        const Vector dv = Load(d + at, left) * (p.value + v * p.slope);
        Store(values + at, v * p.value, left);
        Store(d + at, dv, left);
        Store(part + i, Load(part + i, left) + dv, left);
      }
  });
  AddRows(partial.data(), tasks, columns, dbias.data());
  context.Forward(x, 0);
  context.Forward(dy, 1);
}

// inputs x; output y
void GeluOp(const Context& context) { context.option == 0 ? RunGelu<Exact>(context) : RunGelu<Approximate>(context); }

// inputs dy, x; output dx
void GeluGrad(const Context& context) {
  context.option == 0 ? RunGeluGrad<Exact>(context) : RunGeluGrad<Approximate>(context);
}

// inputs x, bias; output gelu(x + bias)
void BiasGelu(const Context& context) {
  context.option == 0 ? RunBiasGelu<Exact>(context) : RunBiasGelu<Approximate>(context);
}

// inputs dy, x, bias; outputs gelu(x + bias) in place of x, dx in place of dy, dbias
void BiasGeluGrad(const Context& context) {
  context.option == 0 ? RunBiasGeluGrad<Exact>(context) : RunBiasGeluGrad<Approximate>(context);
}

}  // namespace

std::vector<OpDefinition> GeluOps() {
  return {
      {"FlexivitGelu", {"x"}, {"y"}, ComputeWith<GeluOp>},
      {"FlexivitGeluGrad", {"dy", "x"}, {"dx"}, ComputeWith<GeluGrad>},
      {"FlexivitBiasGelu", {"x", "bias"}, {"y"}, ComputeWith<BiasGelu>},
      {"FlexivitBiasGeluGrad", {"dy", "x", "bias"}, {"y", "dx", "dbias"}, ComputeWith<BiasGeluGrad>},
  };
}

}  // namespace flexivit
