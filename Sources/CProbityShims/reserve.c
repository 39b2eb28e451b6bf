#include "CProbityShims.h"

#include <sched.h>
#include <sys/mman.h>

void *probity_reserve(size_t size) {
  void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? NULL : address;
}

void probity_use_huge_pages(void *address, size_t size) {
#ifdef MADV_HUGEPAGE
  madvise(address, size, MADV_HUGEPAGE);
#else
  (void)address;
  (void)size;
#endif
}

void probity_release(void *address, size_t size) { munmap(address, size); }

void probity_yield(void) { sched_yield(); }

void probity_populate(void *address, size_t size) {
#ifdef MADV_POPULATE_WRITE
  madvise(address, size, MADV_POPULATE_WRITE);
#else
  (void)address;
  (void)size;
#endif
}
