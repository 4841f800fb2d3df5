/* SPDX-License-Identifier: MIT */
/*
 * Sets of descriptors whose readiness one descriptor tells (epoll). For many sockets that live for moments: one watch of
 * libuv on the set instead of one for each. A descriptor leaves its sets when it is closed.
 */
#include "native.h"

#include <sys/epoll.h>
#include <unistd.h>

/* The most events one call returns. */
#define EVENTS_MAX 256
/* Numbers an event has in the Int32Array of epollWait. */
#define EVENT_FIELDS 2

static napi_value create_set(napi_env env, napi_callback_info info) {
  (void)info;
  return return_result(env, epoll_create1(EPOLL_CLOEXEC));
}

static napi_value add_descriptor(napi_env env, napi_callback_info info) {
  int ints[4];
  if (!read_ints(env, info, 4, ints)) return NULL;
  struct epoll_event event = {.events = (uint32_t)ints[2], .data.u32 = (uint32_t)ints[3]};
  return return_result(env, epoll_ctl(ints[0], EPOLL_CTL_ADD, ints[1], &event));
}

static napi_value remove_descriptor(napi_env env, napi_callback_info info) {
  int ints[2];
  if (!read_ints(env, info, 2, ints)) return NULL;
  return return_result(env, epoll_ctl(ints[0], EPOLL_CTL_DEL, ints[1], NULL));
}

/* Never waits: the set itself is watched. */
static napi_value wait_for_events(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int fd;
  struct words into;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_words(env, values[1], &into)) {
    return NULL;
  }
  size_t room = into.length / EVENT_FIELDS;
  struct epoll_event events[EVENTS_MAX];
  int count = epoll_wait(fd, events, room < EVENTS_MAX ? (int)room : EVENTS_MAX, 0);
  for (int index = 0; index < count; index++) {
    into.data[index * EVENT_FIELDS] = (int32_t)events[index].data.u32;
    into.data[index * EVENT_FIELDS + 1] = (int32_t)events[index].events;
  }
  return return_result(env, count);
}

const struct function epoll_functions[] = {
    {"epollCreate", create_set},
    {"epollAdd", add_descriptor},
    {"epollRemove", remove_descriptor},
    {"epollWait", wait_for_events},
    {NULL, NULL},
};
