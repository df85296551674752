#include "parallel.h"

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace flexivit {
namespace {

int CoresOfThisProcess() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

// One job at a time. Workers sleep between jobs; tasks are handed out one by one from an atomic counter.
class Pool {
 public:
  explicit Pool(int workers) {
    for (int i = 0; i < workers; i++) std::thread([this] { Work(); }).detach();
  }

  void Run(int64_t count, const std::function<void(int64_t)>& task) {
    std::lock_guard<std::mutex> one_job(one_job_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      count_ = count;
      next_ = 0;
      job_++;
    }
    wake_.notify_all();
    TakeTasks(task, count);
    std::unique_lock<std::mutex> lock(mutex_);
    task_ = nullptr;
    idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void TakeTasks(const std::function<void(int64_t)>& task, int64_t count) {
    for (int64_t i = next_++; i < count; i = next_++) task(i);
  }

  void Work() {
    int64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return job_ != seen && task_ != nullptr; });
      seen = job_;
      const std::function<void(int64_t)>& task = *task_;
      const int64_t count = count_;
      busy_++;
      lock.unlock();
      TakeTasks(task, count);
      lock.lock();
      if (--busy_ == 0) idle_.notify_one();
    }
  }

  std::mutex one_job_, mutex_;
  std::condition_variable wake_, idle_;
  const std::function<void(int64_t)>* task_ = nullptr;
  int64_t count_ = 0, job_ = 0, busy_ = 0;
  std::atomic<int64_t> next_{0};
};

}  // namespace

int ThreadCount() {
  static const int count = [] {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = wanted ? std::atoi(wanted) : 0;
    return threads > 0 ? threads : CoresOfThisProcess();
  }();
  return count;
}

void ParallelFor(int64_t count, const std::function<void(int64_t)>& task) {
  if (count <= 1 || ThreadCount() == 1) {
    for (int64_t i = 0; i < count; i++) task(i);
    return;
  }
  static Pool* pool = new Pool(ThreadCount() - 1);  // never destroyed: its threads live as long as the process
  pool->Run(count, task);
}

int64_t TaskCount(int64_t items, int64_t cost_per_item) {
  const int64_t wanted = items * std::max<int64_t>(cost_per_item, 1) / 65536;
  return std::clamp<int64_t>(wanted, 1, std::min<int64_t>(std::max<int64_t>(items, 1), 64));
}

void ParallelRanges(int64_t items, int64_t tasks, const std::function<void(int64_t, int64_t, int64_t)>& run) {
  ParallelFor(tasks, [&](int64_t task) { run(task, items * task / tasks, items * (task + 1) / tasks); });
}

}  // namespace flexivit
