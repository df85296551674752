// Vectors of floats as wide as the processor has them, and the functions of them that the kernels need.
// Everything is written out in vectors, so that the results do not depend on what a compiler may reorder.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace flexivit {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t IntVector __attribute__((vector_size(kLanes * sizeof(int32_t))));

inline Vector Fill(float value) { return value - Vector{}; }

inline Vector Load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

inline void Store(float* to, Vector v) { std::memcpy(to, &v, sizeof v); }

// The first `count` lanes, the rest 0. `count` may exceed the lanes.
inline Vector Load(const float* from, int64_t count) {
  if (count >= kLanes) return Load(from);
  Vector v{};
  std::memcpy(&v, from, count * sizeof(float));
  return v;
}

inline void Store(float* to, Vector v, int64_t count) {
  if (count >= kLanes) return Store(to, v);
  std::memcpy(to, &v, count * sizeof(float));
}

// Lanes are added in halves: always the same order.
inline float Sum(Vector v) {
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) v[i] += v[i + half];
  return v[0];
}

// Both give b where either is NaN.
inline Vector Max(Vector a, Vector b) { return a > b ? a : b; }
inline Vector Min(Vector a, Vector b) { return a < b ? a : b; }

inline Vector SquareRoot(Vector v) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(v);
#elif defined(__AVX__)
  return _mm256_sqrt_ps(v);
#elif defined(__x86_64__)
  return _mm_sqrt_ps(v);
#else
  for (int i = 0; i < kLanes; i++) v[i] = std::sqrt(v[i]);
  return v;
#endif
}

// e^x to 1e-7 relative, between e^-87 and e^88 outside of which it stays; NaN stays NaN.
// e^x = 2^n e^r with n = round(x / log 2) and e^r = 1 + r + r^2 p(r), where p interpolates at Chebyshev nodes for |r| < 0.3475.
inline Vector Exp(Vector x) {
  x = Min(Fill(88.0f), Max(Fill(-87.0f), x));
  const float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const Vector shifted = x * 1.44269504f + round;
  const Vector n = shifted - round;
  const Vector r = (x - n * 0.693359375f) + n * 2.1219444e-4f;  // log 2 in two parts, the first exact
  Vector p = 1.9891247e-4f * r + 1.3933881e-3f;
  p = p * r + 8.3333107e-3f;
  p = p * r + 4.1666463e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 5.0000000e-1f;
  const Vector e = p * (r * r) + r + 1.0f;
  return e * (Vector)(((IntVector)shifted << 23) + 0x3f800000);
}

}  // namespace flexivit
