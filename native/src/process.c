/* SPDX-License-Identifier: MIT */
/* Namespaces, scheduling, locks and mounts of the calling thread or its process. */
#include "native.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static napi_value unshare_namespaces(napi_env env, napi_callback_info info) {
  int flags;
  if (!read_ints(env, info, 1, &flags)) return NULL;
  return return_result(env, unshare(flags));
}

static napi_value unshare_network(napi_env env, napi_callback_info info) {
  (void)info;
  return return_result(env, unshare(CLONE_NEWNET));
}

static napi_value enter_namespace(napi_env env, napi_callback_info info) {
  int fd;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  return return_result(env, setns(fd, 0));
}

static napi_value open_namespace(napi_env env, napi_callback_info info) {
  napi_value value;
  char *path;
  if (!read_arguments(env, info, 1, &value) || !read_string(env, value, &path)) return NULL;
  napi_value result = return_result(env, open(path, O_RDONLY | O_CLOEXEC));
  free(path);
  return result;
}

static napi_value set_scheduler(napi_env env, napi_callback_info info) {
  int ints[3];
  if (!read_ints(env, info, 3, ints)) return NULL;
  struct sched_param parameter = {.sched_priority = ints[2]};
  return return_result(env, sched_setscheduler(ints[0], ints[1], &parameter));
}

static napi_value lock_file(napi_env env, napi_callback_info info) {
  int ints[2];
  if (!read_ints(env, info, 2, ints)) return NULL;
  return return_result(env, flock(ints[0], ints[1]));
}

static napi_value set_parent_death_signal(napi_env env, napi_callback_info info) {
  int signal;
  if (!read_ints(env, info, 1, &signal)) return NULL;
  return return_result(env, prctl(PR_SET_PDEATHSIG, signal));
}

static napi_value thread_id(napi_env env, napi_callback_info info) {
  (void)info;
  return return_result(env, syscall(SYS_gettid));
}

static napi_value trim_heap(napi_env env, napi_callback_info info) {
  (void)info;
#ifdef __GLIBC__
  return return_result(env, malloc_trim(0));
#else
  return return_result(env, 0);
#endif
}

static napi_value mount_filesystem(napi_env env, napi_callback_info info) {
  napi_value values[5];
  char *text[4] = {NULL, NULL, NULL, NULL};
  int flags;
  napi_value result = NULL;
  if (read_arguments(env, info, 5, values) && read_string(env, values[0], &text[0]) &&
      read_string(env, values[1], &text[1]) && read_string(env, values[2], &text[2]) &&
      read_int(env, values[3], &flags) && read_string(env, values[4], &text[3])) {
    result = return_result(env, mount(text[0], text[1], text[2], (unsigned int)flags, text[3]));
  }
  for (int index = 0; index < 4; index++) free(text[index]);
  return result;
}

static napi_value unmount_filesystem(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char *target;
  int flags;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[1], &flags) || !read_string(env, values[0], &target)) {
    return NULL;
  }
  napi_value result = return_result(env, umount2(target, flags));
  free(target);
  return result;
}

/* struct sched_attr of linux/sched/types.h, which the C library does not have before 2.41. */
struct scheduling {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

/* Asks the fair scheduler for time slices of so many nanoseconds: shorter slices come sooner. */
static napi_value set_time_slice(napi_env env, napi_callback_info info) {
  int nanos;
  if (!read_ints(env, info, 1, &nanos)) return NULL;
  struct scheduling scheduling = {.size = sizeof scheduling};
  if (syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0) == -1) return return_number(env, -errno);
  scheduling.runtime = nanos;
  return return_result(env, syscall(SYS_sched_setattr, 0, &scheduling, 0));
}

/* Room for the records of a few thousand addresses; the pages come as they are used. */
#define PIPE_SIZE (1 << 20)

/*
 * Starts a program whose standard input is a pipe, in a session of its own, with no output, no signal blocked and no
 * environment.
 * Returns the end to write to, close-on-exec and non-blocking. The C library starts it without copying this process.
 */
static napi_value spawn_piped(napi_env env, napi_callback_info info) {
  napi_value value;
  char *path;
  if (!read_arguments(env, info, 1, &value) || !read_string(env, value, &path)) return NULL;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) == -1) {
    free(path);
    return return_number(env, -errno);
  }
  fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  pid_t child;
  char *arguments[] = {path, NULL};
  char *environment[] = {NULL};
  int error = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  free(path);
  close(ends[0]);
  if (error != 0) {
    close(ends[1]);
    return return_number(env, -error);
  }
  return return_number(env, ends[1]);
}

const struct function process_functions[] = {
    {"unshare", unshare_namespaces},
    {"unshareNetwork", unshare_network},
    {"setns", enter_namespace},
    {"openNamespace", open_namespace},
    {"schedSetscheduler", set_scheduler},
    {"flock", lock_file},
    {"setParentDeathSignal", set_parent_death_signal},
    {"spawnPiped", spawn_piped},
    {"gettid", thread_id},
    {"mallocTrim", trim_heap},
    {"mount", mount_filesystem},
    {"umount2", unmount_filesystem},
    {"schedSetTimeSlice", set_time_slice},
    {NULL, NULL},
};
