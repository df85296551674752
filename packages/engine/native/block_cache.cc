// Memory of TensorFlow's tensors. Blocks that are freed are kept for the next tensor, without holding much more than
// the tensors once needed at the same time.
//
// TensorFlow itself takes each tensor from malloc, where large ones go back to the system, which clears every page of the
// next one again: 40 % of a training step. The pool of its oneDNN part keeps them, in regions of doubling size that take
// 150 MB more than the tensors of ViT-S. These functions stand in for the two that both of them call.
//
// As long as new blocks are needed the process is still growing, and what JavaScript frees meanwhile (arrays that weights were
// made from) should make room for them: malloc then takes large arrays from the system one by one. Once it has settled,
// malloc keeps the arrays of one step for the next.
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t kUnit = 64 << 10;   // of sizes, a multiple of every page size; smaller tensors stay with malloc
constexpr size_t kSlack = 32 << 20;  // kept beyond the most that was in use at once, or a sixteenth of that
constexpr int kSettled = 4096;       // blocks in a row from the cache: two or three training steps of ViT-S

// Arrays of this size and more are mapped by themselves; of twice that, what is free at the end of the heap goes back. malloc
// would otherwise raise both by itself with each array that is freed, to kSteady at most.
bool MapArraysFrom(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes) && mallopt(M_TRIM_THRESHOLD, 2 * bytes); }
constexpr int kGrowing = 256 << 10, kSteady = 32 << 20;
[[maybe_unused]] const bool kFromTheStart = MapArraysFrom(kGrowing);

struct Block {
  char* begin;
  size_t size;
};

class BlockCache {
 public:
  void* Take(size_t wanted) {
    const size_t size = (wanted + kUnit - 1) / kUnit * kUnit;
    std::lock_guard<std::mutex> lock(mutex_);
    most_in_use_ = std::max(most_in_use_, in_use_ + size);
    char* begin = Cut(size);
    if (begin) Settle();
    else begin = Map(size);
    if (!begin) return nullptr;
    in_use_ += size;
    size_of_[begin] = size;
    return begin;
  }

  // False where the memory is not from here.
  bool Return(void* memory) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = size_of_.find(memory);
    if (found == size_of_.end()) return false;
    in_use_ -= found->second;
    Join({static_cast<char*>(memory), found->second});
    size_of_.erase(found);
    return true;
  }

 private:
  bool HasRoom(size_t size) const { return mapped_ + size <= most_in_use_ + std::max(kSlack, most_in_use_ / 16); }

  void Settle() {
    if (settled_ < kSettled && ++settled_ == kSettled) MapArraysFrom(kSteady);
  }

  // The beginning of the smallest free block that does, the rest of which stays free; nullptr where there is none.
  char* Cut(size_t size) {
    auto best = free_.end();
    for (auto block = free_.begin(); block != free_.end(); ++block)
      if (block->size >= size && (best == free_.end() || block->size < best->size)) best = block;
    if (best == free_.end()) return nullptr;
    char* begin = best->begin;
    best->begin += size;
    best->size -= size;
    if (best->size == 0) free_.erase(best);
    return begin;
  }

  // Makes one free block of this one and its free neighbours.
  void Join(Block block) {
    for (auto other = free_.begin(); other != free_.end();) {
      const bool before = other->begin + other->size == block.begin, after = block.begin + block.size == other->begin;
      if (before) block.begin = other->begin;
      if (before || after) block.size += other->size;
      other = before || after ? free_.erase(other) : other + 1;
    }
    free_.push_back(block);
  }

  // A new block; gives the blocks that were free for the longest time back to the system until there is room for it.
  char* Map(size_t size) {
    auto oldest = free_.begin();
    for (; oldest != free_.end() && !HasRoom(size); ++oldest) {
      munmap(oldest->begin, oldest->size);
      mapped_ -= oldest->size;
    }
    free_.erase(free_.begin(), oldest);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    mapped_ += size;
    if (settled_ == kSettled) MapArraysFrom(kGrowing);
    settled_ = 0;
    return static_cast<char*>(memory);
  }

  std::mutex mutex_;
  std::vector<Block> free_;  // in the order in which they were freed
  std::unordered_map<void*, size_t> size_of_;
  size_t in_use_ = 0, most_in_use_ = 0, mapped_ = 0;
  int settled_ = 0;  // blocks from the cache since the last new one, up to kSettled
};

BlockCache& Cache() {
  static auto* cache = new BlockCache;  // never destroyed: TensorFlow frees tensors while the process ends
  return *cache;
}

}  // namespace

// Found by TensorFlow's libraries before their own functions of these names, once this library is in the global scope.
namespace tsl::port {

__attribute__((visibility("default"))) void* AlignedMalloc(size_t size, std::align_val_t alignment) {
  if (size >= kUnit) return Cache().Take(size);
  void* memory = nullptr;
  const size_t least = std::max(static_cast<size_t>(alignment), sizeof(void*));
  return posix_memalign(&memory, least, size) == 0 ? memory : nullptr;
}

__attribute__((visibility("default"))) void AlignedFree(void* memory) {
  if (!Cache().Return(memory)) free(memory);
}

__attribute__((visibility("default"))) void AlignedSizedFree(void* memory, size_t, std::align_val_t) { AlignedFree(memory); }

}  // namespace tsl::port
