// Fails one call of a process to the files of one directory: preloaded.
//
//   PROBITY_FAULT_DIRECTORY  calls on this directory and the files in it count
//   PROBITY_FAULT_CALL       number of the call that fails, from 1; 0 = none
//   PROBITY_FAULT_ERRNO      with what: EIO, ENOSPC, ... as a number
//   PROBITY_FAULT_LASTS      1 = so do all later ones that change something
//   PROBITY_FAULT_TRACE      file for a line a call: number, function, name, errno
//
// A write that fails has written all of its blocks but the last, as a disk that
// fills up or breaks in the midst of it may.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096, NAME_BYTES = 64, BLOCK_BYTES = 4096 };

static char directory[4096];
static size_t directory_length;
static long fault_call;
static int fault_errno;
static int lasts;
static int trace = -1;
static atomic_long calls;
// Names of the open files that count; an empty name does not.
static char names[DESCRIPTORS][NAME_BYTES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("PROBITY_FAULT_DIRECTORY");
  if (!path) return;
  snprintf(directory, sizeof directory, "%s", path);
  directory_length = strlen(directory);
  if (getenv("PROBITY_FAULT_CALL")) fault_call = atol(getenv("PROBITY_FAULT_CALL"));
  if (getenv("PROBITY_FAULT_ERRNO")) fault_errno = atoi(getenv("PROBITY_FAULT_ERRNO"));
  lasts = getenv("PROBITY_FAULT_LASTS") && *getenv("PROBITY_FAULT_LASTS") == '1';
  path = getenv("PROBITY_FAULT_TRACE");
  if (path) trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// The name within the directory, "." for itself; NULL for what lies elsewhere.
static const char *counted(const char *path) {
  if (!directory_length || strncmp(path, directory, directory_length) != 0) return NULL;
  const char *rest = path + directory_length;
  if (*rest == 0 || strcmp(rest, "/") == 0) return ".";
  return *rest == '/' ? rest + 1 : NULL;
}

static const char *name_of(int descriptor) {
  if (descriptor < 0 || descriptor >= DESCRIPTORS || !names[descriptor][0]) return NULL;
  return names[descriptor];
}

// Counts a call; the errno to fail it with, or 0.
static int fault(const char *function, const char *name, int changes) {
  if (!name) return 0;
  long number = atomic_fetch_add(&calls, 1) + 1;
  int fails = fault_call > 0 && (number == fault_call || (lasts && changes && number > fault_call));
  if (trace >= 0) {
    char line[256];
    int length = snprintf(
        line, sizeof line, "%ld %s %s %d\n", number, function, name, fails ? fault_errno : 0);
    if (write(trace, line, (size_t)length) < 0) abort();
  }
  return fails ? fault_errno : 0;
}

#define FAIL_IF(function, name, changes)         \
  do {                                           \
    int code = fault(function, name, changes);   \
    if (code) {                                  \
      errno = code;                              \
      return -1;                                 \
    }                                            \
  } while (0)

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  const char *name = counted(path);
  FAIL_IF(flags & O_CREAT ? "create" : "open", name, flags & O_CREAT);
  int descriptor = REAL(open)(path, flags, mode);
  if (name && descriptor >= 0 && descriptor < DESCRIPTORS)
    snprintf(names[descriptor], NAME_BYTES, "%s", name);
  return descriptor;
}

int close(int descriptor) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS) names[descriptor][0] = 0;
  return REAL(close)(descriptor);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  FAIL_IF("pread", name_of(descriptor), 0);
  return REAL(pread)(descriptor, bytes, count, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  int code = fault("pwrite", name_of(descriptor), 1);
  if (!code) return REAL(pwrite)(descriptor, bytes, count, offset);
  size_t written = count == 0 ? 0 : (count - 1) / BLOCK_BYTES * BLOCK_BYTES;
  if (REAL(pwrite)(descriptor, bytes, written, offset) < 0) abort();
  errno = code;
  return -1;
}

int ftruncate(int descriptor, off_t size) {
  FAIL_IF("ftruncate", name_of(descriptor), 1);
  return REAL(ftruncate)(descriptor, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  int code = fault("posix_fallocate", name_of(descriptor), 1);
  return code ? code : REAL(posix_fallocate)(descriptor, offset, size);
}

int fdatasync(int descriptor) {
  FAIL_IF("fdatasync", name_of(descriptor), 1);
  return REAL(fdatasync)(descriptor);
}

int fsync(int descriptor) {
  FAIL_IF("fsync", name_of(descriptor), 1);
  return REAL(fsync)(descriptor);
}

int fstat(int descriptor, struct stat *figures) {
  FAIL_IF("fstat", name_of(descriptor), 0);
  return REAL(fstat)(descriptor, figures);
}

int rename(const char *from, const char *to) {
  FAIL_IF("rename", counted(from), 1);
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  FAIL_IF("unlink", counted(path), 1);
  return REAL(unlink)(path);
}

int statvfs(const char *path, struct statvfs *figures) {
  FAIL_IF("statvfs", counted(path), 0);
  return REAL(statvfs)(path, figures);
}

DIR *opendir(const char *path) {
  int code = fault("opendir", counted(path), 0);
  if (!code) return REAL(opendir)(path);
  errno = code;
  return NULL;
}
