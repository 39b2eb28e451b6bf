// What Swift's Glibc module leaves out.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

static inline int probity_make_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int probity_make_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// accept4(2) of a socket that does not block and is not inherited.
int probity_accept(int listener);

/// Lets the calling thread's timed waits end on time, not up to 50 µs late.
static inline void probity_wait_exactly(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }
