// Products of small matrices that lie in the cache.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include "vector.h"

namespace flexivit {

// Where element (row, column) of a matrix lies: data[row * row_step + column * column_step].
struct View {
  const float* data;
  int64_t row_step, column_step;
  View From(int64_t row) const { return {data + row * row_step, row_step, column_step}; }
};

// Rows by vectors of a tile of the result that fits the registers, with the row of b and a number of a beside it.
constexpr int kTileRows = 6;
#if defined(__AVX512F__)
constexpr int kTileVectors = 4;
#else
constexpr int kTileVectors = 2;
#endif

template <int kRows, int kVectors>
void MultiplyTile(View a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t inner, bool accumulate) {
  Vector sums[kRows][kVectors];
  for (int i = 0; i < kRows; i++)
    for (int j = 0; j < kVectors; j++) sums[i][j] = accumulate ? Load(c + i * c_row + j * kLanes) : Vector{};
  for (int64_t k = 0; k < inner; k++) {
    Vector row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) row[j] = Load(b + k * b_row + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      const float factor = a.data[i * a.row_step + k * a.column_step];
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++) sums[i][j] += factor * row[j];
    }
  }
  for (int i = 0; i < kRows; i++)
    for (int j = 0; j < kVectors; j++) Store(c + i * c_row + j * kLanes, sums[i][j]);
}

// The tile of `rows` (1 to kTileRows) by kVectors.
template <int kVectors, int kRows = kTileRows>
void MultiplyRows(int64_t rows, View a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t inner, bool accumulate) {
  if constexpr (kRows > 1)
    if (rows < kRows) return MultiplyRows<kVectors, kRows - 1>(rows, a, b, b_row, c, c_row, inner, accumulate);
  MultiplyTile<kRows, kVectors>(a, b, b_row, c, c_row, inner, accumulate);
}

template <int kVectors>
void MultiplyColumns(int64_t rows, View a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t inner, bool accumulate) {
  for (int64_t i = 0; i < rows; i += kTileRows)
    MultiplyRows<kVectors>(std::min<int64_t>(rows - i, kTileRows), a.From(i), b, b_row, c + i * c_row, c_row, inner, accumulate);
}

// c[rows, columns] = a[rows, inner] b[inner, columns], added to what c holds if `accumulate`.
// Rows of b and c are `columns` long, a multiple of kLanes.
inline void Multiply(int64_t rows, int64_t columns, int64_t inner, View a, const float* b, float* c, bool accumulate = false) {
  int64_t j = 0;
  for (; j + kTileVectors * kLanes <= columns; j += kTileVectors * kLanes)
    MultiplyColumns<kTileVectors>(rows, a, b + j, columns, c + j, columns, inner, accumulate);
  for (; j < columns; j += kLanes) MultiplyColumns<1>(rows, a, b + j, columns, c + j, columns, inner, accumulate);
}

}  // namespace flexivit
