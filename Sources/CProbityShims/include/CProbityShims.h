// What Swift cannot say: one CRC instruction, prefetches, and virtual memory
// reserved without being used.
#pragma once

#include <stddef.h>
#include <stdint.h>

// CRC32C (Castagnoli; iSCSI, RFC 3720 appendix B.4) of `count` bytes, continuing
// from `crc` (0 to start). Uses the processor's instruction where there is one.
// About 0.12 ns a byte.
uint32_t probity_crc32c(uint32_t crc, const void *bytes, size_t count);

// The same by tables, on any machine: the reference that the above is tested against.
uint32_t probity_crc32c_software(uint32_t crc, const void *bytes, size_t count);

// 1 where probity_crc32c uses the instruction.
int probity_crc32c_is_hardware(void);

// Asks for the cache line at `address`; never faults, whatever the address.
static inline void probity_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

// Address space of `size` bytes that reads as zeros and takes memory only as it
// is written. NULL and errno on failure.
void *probity_reserve(size_t size);
void probity_release(void *address, size_t size);

// Asks for pages of 2 MiB behind reserved ones, which begin and end with such a
// page. Does nothing where the kernel has none to give.
void probity_use_huge_pages(void *address, size_t size);

// Has memory put behind reserved pages all at once, which is faster than a page
// fault each. `address` is a page's. Does nothing where the kernel cannot.
void probity_populate(void *address, size_t size);

// Tells the processor that this is a spinning wait.
static inline void probity_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Lets another thread run: for a wait that spun in vain.
void probity_yield(void);

// 1 where the processor has what release builds are compiled for (on x86-64, AVX2).
static inline int probity_processor_is_supported(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return 1;
#endif
}
