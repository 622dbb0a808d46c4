// This library makes disk calls fail, as a broken or a full disk does: the calls on files whose name has ".db" in it, after some that succeed.
// The file that FAULTS names holds three numbers: how many calls still succeed (-1 means all), how many fail then, and the errno.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile int *plan;

static int fails(int fd) {
  char link[64], path[512];
  if (!plan) {
    const char *name = getenv("FAULTS");
    int file = name ? open(name, O_RDWR) : -1;
    if (file < 0) return 0;
    plan = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  if (plan[0] < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strstr(path, ".db")) return 0;
  if (__sync_fetch_and_sub(&plan[0], 1) > 0) return 0;
  plan[0] = 0;
  if (__sync_fetch_and_sub(&plan[1], 1) <= 0) {
    plan[1] = 0;
    return 0;
  }
  __sync_fetch_and_add(&plan[3], 1);
  errno = plan[2];
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t at) { return fails(fd) ? -1 : REAL(pwrite)(fd, buffer, size, at); }
ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t at) { return fails(fd) ? -1 : REAL(pwrite64)(fd, buffer, size, at); }
ssize_t write(int fd, const void *buffer, size_t size) { return fails(fd) ? -1 : REAL(write)(fd, buffer, size); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { return fails(fd) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, size); }
ssize_t pread(int fd, void *buffer, size_t size, off_t at) { return fails(fd) ? -1 : REAL(pread)(fd, buffer, size, at); }
ssize_t pread64(int fd, void *buffer, size_t size, off64_t at) { return fails(fd) ? -1 : REAL(pread64)(fd, buffer, size, at); }
