// The operations that this library brings, by file, and what the files share.
#pragma once
#include <vector>

#include "op.h"

namespace flexivit {

std::vector<OpDefinition> AttentionOps();
std::vector<OpDefinition> GeluOps();
std::vector<OpDefinition> LayerNormOps();
std::vector<OpDefinition> OptimizerOps();
std::vector<OpDefinition> RowOps();
std::vector<OpDefinition> SwigluOps();

// to[columns] = sum over rows of from[rows, columns], in the order of the rows.
void AddRows(const float* from, int64_t rows, int64_t columns, float* to);

}  // namespace flexivit
