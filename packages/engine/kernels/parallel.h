// Shares work among the threads of one process.
#pragma once
#include <cstdint>
#include <functional>

namespace flexivit {

// Threads that ParallelFor uses, the calling one included: TF_NUM_INTRAOP_THREADS, else one per core.
int ThreadCount();

// Runs task(0) ... task(count - 1), each once, on the threads of the pool and the calling one; returns when all are done.
// Which thread takes which task varies; a task must write only what belongs to it.
void ParallelFor(int64_t count, const std::function<void(int64_t)>& task);

// Splits `items` into tasks of about `cost_per_item` * items = 64k operations and runs task(begin, end).
// The split depends on the arguments alone, so sums per task come out the same from run to run, on any number of threads.
int64_t TaskCount(int64_t items, int64_t cost_per_item);
void ParallelRanges(int64_t items, int64_t tasks, const std::function<void(int64_t task, int64_t begin, int64_t end)>& run);

}  // namespace flexivit
