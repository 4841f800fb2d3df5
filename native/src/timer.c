/* SPDX-License-Identifier: MIT */
/* The monotonic clock and timer descriptors on it. Time crosses as microseconds, exact below 2^53. */
#include "native.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MICROS_PER_SECOND 1000000
#define NANOS_PER_MICRO 1000

static napi_value timer_create_descriptor(napi_env env, napi_callback_info info) {
  (void)info;
  return return_result(env, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

/* Zero disarms, as in timerfd_settime. */
static napi_value timer_set(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int fd;
  double micros;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_double(env, values[1], &micros)) {
    return NULL;
  }
  if (!(micros >= 0 && micros < 0x1p53)) return return_number(env, -EINVAL);
  int64_t whole = (int64_t)micros;
  struct itimerspec time = {
      .it_value.tv_sec = whole / MICROS_PER_SECOND,
      .it_value.tv_nsec = whole % MICROS_PER_SECOND * NANOS_PER_MICRO,
  };
  return return_result(env, timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL));
}

static napi_value timer_read(napi_env env, napi_callback_info info) {
  int fd;
  uint64_t expirations = 0;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  if (read(fd, &expirations, sizeof expirations) == -1) return return_number(env, -errno);
  return return_number(env, (double)expirations);
}

/* Rounds down, so a timer set to a microsecond never seems to expire before it. */
static napi_value return_clock(napi_env env, clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return return_number(env, (double)now.tv_sec * MICROS_PER_SECOND + (double)(now.tv_nsec / NANOS_PER_MICRO));
}

static napi_value clock_monotonic(napi_env env, napi_callback_info info) {
  (void)info;
  return return_clock(env, CLOCK_MONOTONIC);
}

static napi_value clock_realtime(napi_env env, napi_callback_info info) {
  (void)info;
  return return_clock(env, CLOCK_REALTIME);
}

const struct function timer_functions[] = {
    {"timerfdCreate", timer_create_descriptor},
    {"timerfdSet", timer_set},
    {"timerfdRead", timer_read},
    {"clockMonotonic", clock_monotonic},
    {"clockRealtime", clock_realtime},
    {NULL, NULL},
};
