// Multi-head softmax attention. One task is one head of one example, and everything it needs stays in the cache;
// what is kept for the gradient is the logarithm of each softmax denominator, from which the weights come again.
#include <cmath>
#include <vector>

#include "kernels.h"
#include "matrix.h"
#include "parallel.h"

namespace flexivit {
namespace {

constexpr int64_t kForwardBlock = 24, kGradBlock = 48;  // queries at a time, multiples of kTileRows

int64_t RoundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

struct Sizes {
  int64_t batch, heads, queries, keys, dim;
  int64_t head_dim, head_columns, key_columns;  // columns: rounded up to whole vectors
  float scale;

  Sizes(const Tensor& query, const Tensor& key, float option) {
    const Shape shape = query.shape();
    batch = shape[0];
    queries = shape[1];
    dim = shape[2];
    keys = key.shape()[1];
    heads = static_cast<int64_t>(option);
    head_dim = dim / heads;
    head_columns = RoundUp(head_dim);
    key_columns = RoundUp(keys);
    scale = 1 / std::sqrt(static_cast<float>(head_dim));
  }
};

// Numbers added to the scores; axes of length 1 are broadcast, and there is no mask where the tensor is empty.
struct Mask {
  const float* data;
  int64_t batch_step, head_step, query_step, key_step;

  explicit Mask(const Tensor& mask) : data(mask.size() > 0 ? mask.data() : nullptr) {
    if (!data) return;
    const Shape shape = mask.shape();
    key_step = shape[3] > 1 ? 1 : 0;
    query_step = shape[2] > 1 ? shape[3] : 0;
    head_step = shape[1] > 1 ? shape[2] * shape[3] : 0;
    batch_step = shape[0] > 1 ? shape[1] * shape[2] * shape[3] : 0;
  }

  void AddTo(float* scores, int64_t row_length, int64_t b, int64_t h, int64_t first, int64_t rows, int64_t keys) const {
    if (!data) return;
    for (int64_t i = 0; i < rows; i++) {
      const float* from = data + b * batch_step + h * head_step + (first + i) * query_step;
      for (int64_t j = 0; j < keys; j++) scores[i * row_length + j] += from[j * key_step];
    }
  }
};

// Memory of one thread, kept from task to task.
class Workspace {
 public:
  explicit Workspace(int64_t floats) {
    if (static_cast<int64_t>(Memory().size()) < floats) Memory().resize(floats);
    next_ = Memory().data();
  }
  float* Take(int64_t floats) {
    float* taken = next_;
    next_ += floats;
    return taken;
  }

 private:
  static std::vector<float>& Memory() {
    thread_local std::vector<float> memory;
    return memory;
  }
  float* next_;
};

// Head columns of `tokens` rows, as they are, filled up with zeros to whole vectors.
void CopyHead(const float* from, int64_t tokens, const Sizes& s, float* to) {
  for (int64_t t = 0; t < tokens; t++)
    for (int64_t c = 0; c < s.head_columns; c += kLanes)
      Store(to + t * s.head_columns + c, Load(from + t * s.dim + c, s.head_dim - c));
}

// The same with keys along the columns: [head_dim, key_columns].
void TransposeHead(const float* from, const Sizes& s, float factor, float* to) {
  for (int64_t c = 0; c < s.head_dim; c++) {
    for (int64_t t = 0; t < s.keys; t++) to[c * s.key_columns + t] = from[t * s.dim + c] * factor;
    for (int64_t t = s.keys; t < s.key_columns; t++) to[c * s.key_columns + t] = 0;
  }
}

void WriteHead(const float* from, int64_t tokens, const Sizes& s, float factor, float* to) {
  for (int64_t t = 0; t < tokens; t++)
    for (int64_t c = 0; c < s.head_dim; c += kLanes)
      Store(to + t * s.dim + c, Load(from + t * s.head_columns + c) * factor, s.head_dim - c);
}

// Replaces a row of scores by exponentials and returns the softmax denominator as {largest score, sum}.
std::pair<float, float> Exponentials(float* row, const Sizes& s) {
  for (int64_t j = s.keys; j < s.key_columns; j++) row[j] = -INFINITY;
  Vector largest = Load(row);
  for (int64_t j = kLanes; j < s.key_columns; j += kLanes) largest = Max(largest, Load(row + j));
  float top = largest[0];
  for (int i = 1; i < kLanes; i++) top = largest[i] > top ? largest[i] : top;
  Vector sum{};
  for (int64_t j = 0; j < s.key_columns; j += kLanes) {
    const Vector e = Exp(Load(row + j) - top);
    Store(row + j, e);
    sum += e;
  }
  return {top, Sum(sum)};
}

struct ForwardTask {
  const Sizes& s;
  const Mask& mask;
  const float *query, *key, *value;
  float *y, *log_sum_exp;

  void Run(int64_t b, int64_t h) const {
    Workspace space(s.head_dim * s.key_columns + (s.keys + kForwardBlock) * s.head_columns + kForwardBlock * s.key_columns);
    float *keys = space.Take(s.head_dim * s.key_columns), *values = space.Take(s.keys * s.head_columns);
    float *scores = space.Take(kForwardBlock * s.key_columns), *out = space.Take(kForwardBlock * s.head_columns);
    const int64_t key_start = b * s.keys * s.dim + h * s.head_dim;
    TransposeHead(key + key_start, s, s.scale, keys);
    CopyHead(value + key_start, s.keys, s, values);
    for (int64_t first = 0; first < s.queries; first += kForwardBlock) {
      const int64_t rows = std::min(s.queries - first, kForwardBlock);
      const int64_t start = (b * s.queries + first) * s.dim + h * s.head_dim;
      Multiply(rows, s.key_columns, s.head_dim, {query + start, s.dim, 1}, keys, scores);
      mask.AddTo(scores, s.key_columns, b, h, first, rows, s.keys);
      float* logs = log_sum_exp + (b * s.heads + h) * s.queries + first;
      float inverse[kForwardBlock];
      for (int64_t i = 0; i < rows; i++) {
        const auto [top, sum] = Exponentials(scores + i * s.key_columns, s);
        logs[i] = top + std::log(sum);
        inverse[i] = 1 / sum;
      }
      Multiply(rows, s.head_columns, s.keys, {scores, s.key_columns, 1}, values, out);
      for (int64_t i = 0; i < rows; i++) WriteHead(out + i * s.head_columns, 1, s, inverse[i], y + start + i * s.dim);
    }
  }
};

// inputs query, key, value, mask; outputs y, log_sum_exp [batch, heads, queries]; option: heads
void Attention(const Context& context) {
  const Tensor query = context.Input(0), key = context.Input(1), value = context.Input(2), mask = context.Input(3);
  const Sizes s(query, key, context.option);
  const Mask m(mask);
  const Tensor y = context.Output(0, query.shape()), log_sum_exp = context.Output(1, {s.batch, s.heads, s.queries});
  const ForwardTask task{s, m, query.data(), key.data(), value.data(), y.data(), log_sum_exp.data()};
  ParallelFor(s.batch * s.heads, [&](int64_t i) { task.Run(i / s.heads, i % s.heads); });
}

struct GradTask {
  const Sizes& s;
  const Mask& mask;
  const float *dy, *query, *key, *value, *y, *log_sum_exp;
  float *dquery, *dkey, *dvalue;

  // With w the weights: dw = dy value', ds = w (dw - rowsum(y dy)).
  void Run(int64_t b, int64_t h) const {
    const int64_t h_keys = s.keys * s.head_columns, block = kGradBlock * s.key_columns, rows_block = kGradBlock * s.head_columns;
    Workspace space(2 * s.head_dim * s.key_columns + 3 * h_keys + 2 * block + 3 * rows_block);
    float *keys_t = space.Take(s.head_dim * s.key_columns), *values_t = space.Take(s.head_dim * s.key_columns);
    float *keys = space.Take(h_keys), *dk = space.Take(h_keys), *dv = space.Take(h_keys);
    float *weights = space.Take(block), *dscores = space.Take(block);
    float *q = space.Take(rows_block), *d = space.Take(rows_block), *dq = space.Take(rows_block);
    const int64_t key_start = b * s.keys * s.dim + h * s.head_dim;
    TransposeHead(key + key_start, s, s.scale, keys_t);
    TransposeHead(value + key_start, s, 1, values_t);
    CopyHead(key + key_start, s.keys, s, keys);
    for (int64_t first = 0; first < s.queries; first += kGradBlock) {
      const int64_t rows = std::min(s.queries - first, kGradBlock);
      const int64_t start = (b * s.queries + first) * s.dim + h * s.head_dim;
      CopyHead(query + start, rows, s, q);
      CopyHead(dy + start, rows, s, d);
      Multiply(rows, s.key_columns, s.head_dim, {q, s.head_columns, 1}, keys_t, weights);
      mask.AddTo(weights, s.key_columns, b, h, first, rows, s.keys);
      Multiply(rows, s.key_columns, s.head_dim, {d, s.head_columns, 1}, values_t, dscores);
      const float* logs = log_sum_exp + (b * s.heads + h) * s.queries + first;
      for (int64_t i = 0; i < rows; i++)
        ScoreGradient(weights + i * s.key_columns, dscores + i * s.key_columns, logs[i], RowDot(d + i * s.head_columns, y + start + i * s.dim));
      Multiply(rows, s.head_columns, s.keys, {dscores, s.key_columns, 1}, keys, dq);
      WriteHead(dq, rows, s, s.scale, dquery + start);
      Multiply(s.keys, s.head_columns, rows, {weights, 1, s.key_columns}, d, dv, first > 0);
      Multiply(s.keys, s.head_columns, rows, {dscores, 1, s.key_columns}, q, dk, first > 0);
    }
    WriteHead(dk, s.keys, s, s.scale, dkey + key_start);
    WriteHead(dv, s.keys, s, 1, dvalue + key_start);
  }

  float RowDot(const float* a, const float* from) const {
    Vector sum{};
    for (int64_t c = 0; c < s.head_dim; c += kLanes) sum += Load(a + c) * Load(from + c, s.head_dim - c);
    return Sum(sum);
  }

  // Turns scores into weights and gradients of weights into gradients of scores.
  void ScoreGradient(float* weights, float* dscores, float log_sum_exp, float dot) const {
    for (int64_t j = 0; j < s.key_columns; j += kLanes) {
      const Vector w = Exp(Load(weights + j) - log_sum_exp);
      Store(weights + j, w);
      Store(dscores + j, w * (Load(dscores + j) - dot));
    }
  }
};

// inputs dy, query, key, value, mask, y, log_sum_exp; outputs dquery, dkey, dvalue; option: heads
void AttentionGrad(const Context& context) {
  const Tensor dy = context.Input(0), query = context.Input(1), key = context.Input(2), value = context.Input(3);
  const Tensor mask = context.Input(4), y = context.Input(5), log_sum_exp = context.Input(6);
  const Sizes s(query, key, context.option);
  const Mask m(mask);
  const Tensor dquery = context.Output(0, query.shape()), dkey = context.Output(1, key.shape()), dvalue = context.Output(2, key.shape());
  const GradTask task{s, m, dy.data(), query.data(), key.data(), value.data(), y.data(), log_sum_exp.data(),
                      dquery.data(), dkey.data(), dvalue.data()};
  ParallelFor(s.batch * s.heads, [&](int64_t i) { task.Run(i / s.heads, i % s.heads); });
}

}  // namespace

std::vector<OpDefinition> AttentionOps() {
  return {
      {"FlexivitAttention", {"query", "key", "value", "mask"}, {"y", "log_sum_exp"}, ComputeWith<Attention>},
      {"FlexivitAttentionGrad", {"dy", "query", "key", "value", "mask", "y", "log_sum_exp"}, {"dquery", "dkey", "dvalue"}, ComputeWith<AttentionGrad>},
  };
}

}  // namespace flexivit
