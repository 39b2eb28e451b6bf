// Counts a process's heap calls: preloaded, read by allocations.py while it runs.
//
// The counters lie in the file that PROBITY_ALLOCATION_COUNTERS names, mapped
// shared: eight little-endian 64-bit words, malloc, calloc, realloc,
// posix_memalign, aligned_alloc, free, bytes asked for, 0. With
// PROBITY_ALLOCATION_SITES naming another file, the stacks of all allocations
// since SIGUSR2 are gathered, and written there at the next SIGUSR2: a line a
// stack, its count and its return addresses as offsets in the executable.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own names: reached without a look-up, which would itself allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { MALLOC, CALLOC, REALLOC, POSIX_MEMALIGN, ALIGNED_ALLOC, FREE, BYTES, WORDS = 8 };
enum { FRAMES = 14, STACKS = 4096 };

static _Atomic uint64_t fallback[WORDS];
static _Atomic uint64_t *counters = fallback;

static struct {
  _Atomic uint64_t hash;
  _Atomic uint64_t count;
  void *frames[FRAMES];
  int depth;
} stacks[STACKS];
static const char *sites_path;
static _Atomic int gathering;
static __thread int inside;
static uintptr_t executable_base;

static void gather(void) {
  if (!atomic_load_explicit(&gathering, memory_order_relaxed) || inside) return;
  inside = 1;
  void *frames[FRAMES + 2];
  int depth = backtrace(frames, FRAMES + 2) - 2;
  uint64_t hash = 1469598103934665603u;
  for (int i = 0; i < depth; i++) hash = (hash ^ (uintptr_t)frames[i + 2]) * 1099511628211u;
  if (hash == 0) hash = 1;
  for (unsigned probe = 0; depth > 0 && probe < STACKS; probe++) {
    unsigned slot = (unsigned)(hash >> 20) + probe & (STACKS - 1);
    uint64_t found = 0;
    if (atomic_compare_exchange_strong(&stacks[slot].hash, &found, hash)) {
      memcpy(stacks[slot].frames, frames + 2, sizeof(void *) * (size_t)depth);
      stacks[slot].depth = depth;
      found = hash;
    }
    if (found == hash) {
      atomic_fetch_add(&stacks[slot].count, 1);
      break;
    }
  }
  inside = 0;
}

static void add(int counter, size_t bytes) {
  atomic_fetch_add_explicit(&counters[counter], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counters[BYTES], bytes, memory_order_relaxed);
  if (counter != FREE) gather();
}

void *malloc(size_t size) {
  add(MALLOC, size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  add(CALLOC, count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  add(REALLOC, size);
  return __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  add(POSIX_MEMALIGN, size);
  *memory = __libc_memalign(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
  add(ALIGNED_ALLOC, size);
  return __libc_memalign(alignment, size);
}

void free(void *memory) {
  if (memory != NULL) add(FREE, 0);
  __libc_free(memory);
}

static void write_stacks(void) {
  FILE *file = fopen(sites_path, "w");
  if (file == NULL) return;
  for (int slot = 0; slot < STACKS; slot++) {
    if (stacks[slot].count == 0) continue;
    fprintf(file, "%llu", (unsigned long long)stacks[slot].count);
    for (int i = 0; i < stacks[slot].depth; i++)
      fprintf(file, " %llx", (unsigned long long)((uintptr_t)stacks[slot].frames[i] - executable_base));
    fputc('\n', file);
  }
  fclose(file);
}

// A tool, not a product: writing a file in a signal handler is good enough here.
static void toggle(int signal_number) {
  (void)signal_number;
  if (!gathering) {
    gathering = 1;
    return;
  }
  gathering = 0;
  inside = 1;
  write_stacks();
  inside = 0;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  executable_base = info->dlpi_addr;
  return 1;
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("PROBITY_ALLOCATION_COUNTERS");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0644);
  if (file >= 0 && ftruncate(file, sizeof(fallback)) == 0) {
    void *shared = mmap(NULL, sizeof(fallback), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) counters = shared;
  }
  if (file >= 0) close(file);
  sites_path = getenv("PROBITY_ALLOCATION_SITES");
  if (sites_path == NULL) return;
  void *frames[4];
  backtrace(frames, 4);  // Loads the unwinder now, not at the first allocation.
  dl_iterate_phdr(first_object, NULL);
  signal(SIGUSR2, toggle);
}
