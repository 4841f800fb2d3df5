/* SPDX-License-Identifier: MIT */
/*
 * Sockets. Addresses, options and control messages cross as bytes; their codecs are in TypeScript.
 *
 * Batched calls work on one arena (a Uint8Array) and one Int32Array of numbers about it, so that a batch costs one
 * crossing and no allocation. native/README.md describes both layouts.
 */
#include "native.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Messages per system call: their headers (80 bytes each) lie on the stack. */
#define BATCH_MAX 256
/* Bytes at the start of a receive slot for the sender's address. */
#define NAME_SIZE ((int)sizeof(struct sockaddr_storage))
/* Numbers per message in the Int32Array of recvmmsg and of sendmmsg. */
#define RECEIVE_FIELDS 4
#define SEND_FIELDS 6

static napi_value open_socket(napi_env env, napi_callback_info info) {
  int ints[3];
  if (!read_ints(env, info, 3, ints)) return NULL;
  return return_result(env, socket(ints[0], ints[1] | SOCK_CLOEXEC | SOCK_NONBLOCK, ints[2]));
}

static napi_value close_descriptor(napi_env env, napi_callback_info info) {
  int fd;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  return return_result(env, close(fd));
}

static bool read_fd_and_bytes(napi_env env, napi_callback_info info, int *fd, struct bytes *bytes) {
  napi_value values[2];
  return read_arguments(env, info, 2, values) && read_int(env, values[0], fd) && read_bytes(env, values[1], bytes);
}

static napi_value bind_socket(napi_env env, napi_callback_info info) {
  int fd;
  struct bytes address;
  if (!read_fd_and_bytes(env, info, &fd, &address)) return NULL;
  return return_result(env, bind(fd, (struct sockaddr *)address.data, address.length));
}

static napi_value connect_socket(napi_env env, napi_callback_info info) {
  int fd;
  struct bytes address;
  if (!read_fd_and_bytes(env, info, &fd, &address)) return NULL;
  return return_result(env, connect(fd, (struct sockaddr *)address.data, address.length));
}

static napi_value socket_name(napi_env env, napi_callback_info info) {
  int fd;
  struct bytes address;
  if (!read_fd_and_bytes(env, info, &fd, &address)) return NULL;
  socklen_t length = address.length;
  int result = getsockname(fd, (struct sockaddr *)address.data, &length);
  return return_result(env, result == -1 ? -1 : (int64_t)length);
}

static bool read_option(napi_env env, napi_callback_info info, int *fd, int *level, int *name, struct bytes *value) {
  napi_value values[4];
  return read_arguments(env, info, 4, values) && read_int(env, values[0], fd) && read_int(env, values[1], level) &&
         read_int(env, values[2], name) && read_bytes(env, values[3], value);
}

static napi_value set_option(napi_env env, napi_callback_info info) {
  int fd, level, name;
  struct bytes value;
  if (!read_option(env, info, &fd, &level, &name, &value)) return NULL;
  return return_result(env, setsockopt(fd, level, name, value.data, value.length));
}

static napi_value get_option(napi_env env, napi_callback_info info) {
  int fd, level, name;
  struct bytes value;
  if (!read_option(env, info, &fd, &level, &name, &value)) return NULL;
  socklen_t length = value.length;
  int result = getsockopt(fd, level, name, value.data, &length);
  return return_result(env, result == -1 ? -1 : (int64_t)length);
}

/* SO_ATTACH_FILTER takes a pointer to the program, so bytes alone cannot carry it through setsockopt. */
static napi_value attach_filter(napi_env env, napi_callback_info info) {
  int fd;
  struct bytes program;
  if (!read_fd_and_bytes(env, info, &fd, &program)) return NULL;
  struct sock_fprog filter = {
      .len = (unsigned short)(program.length / sizeof(struct sock_filter)),
      .filter = (struct sock_filter *)program.data,
  };
  return return_result(env, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

/* Slot i begins at i * slotSize: the sender's address, then control messages, then data up to the slot's end. */
static napi_value receive_batch(napi_env env, napi_callback_info info) {
  napi_value values[6];
  int fd, slot_size, control_size, flags;
  struct bytes arena;
  struct words meta;
  if (!read_arguments(env, info, 6, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &arena) ||
      !read_int(env, values[2], &slot_size) || !read_int(env, values[3], &control_size) ||
      !read_words(env, values[4], &meta) || !read_int(env, values[5], &flags)) {
    return NULL;
  }
  if (control_size < 0 || slot_size <= NAME_SIZE || control_size >= slot_size - NAME_SIZE) return return_number(env, -EINVAL);

  size_t count = arena.length / slot_size;
  if (count > meta.length / RECEIVE_FIELDS) count = meta.length / RECEIVE_FIELDS;
  if (count > BATCH_MAX) count = BATCH_MAX;
  struct mmsghdr headers[BATCH_MAX];
  struct iovec vectors[BATCH_MAX];
  for (size_t index = 0; index < count; index++) {
    uint8_t *slot = arena.data + index * slot_size;
    vectors[index] = (struct iovec){slot + NAME_SIZE + control_size, slot_size - NAME_SIZE - control_size};
    headers[index].msg_hdr = (struct msghdr){
        .msg_name = slot,
        .msg_namelen = NAME_SIZE,
        .msg_iov = &vectors[index],
        .msg_iovlen = 1,
        .msg_control = slot + NAME_SIZE,
        .msg_controllen = control_size,
    };
  }

  int received = recvmmsg(fd, headers, count, flags | MSG_DONTWAIT, NULL);
  if (received == -1) return return_number(env, -errno);
  for (int index = 0; index < received; index++) {
    int32_t *fields = meta.data + index * RECEIVE_FIELDS;
    fields[0] = headers[index].msg_len;
    fields[1] = headers[index].msg_hdr.msg_flags;
    fields[2] = headers[index].msg_hdr.msg_namelen;
    fields[3] = headers[index].msg_hdr.msg_controllen;
  }
  return return_number(env, received);
}

static bool lies_within(struct bytes arena, int32_t offset, int32_t length) {
  return offset >= 0 && length >= 0 && (size_t)offset + (size_t)length <= arena.length;
}

/* Points the headers at the arena; false when a part lies outside it. */
static bool describe_batch(struct bytes arena, const int32_t *fields, int count, struct mmsghdr *headers,
                           struct iovec *vectors) {
  for (int index = 0; index < count; index++, fields += SEND_FIELDS) {
    if (!lies_within(arena, fields[0], fields[1]) || !lies_within(arena, fields[2], fields[3]) ||
        !lies_within(arena, fields[4], fields[5])) {
      return false;
    }
    vectors[index] = (struct iovec){arena.data + fields[0], fields[1]};
    headers[index].msg_len = 0;
    headers[index].msg_hdr = (struct msghdr){
        .msg_name = fields[3] > 0 ? arena.data + fields[2] : NULL,
        .msg_namelen = fields[3],
        .msg_iov = &vectors[index],
        .msg_iovlen = 1,
        .msg_control = fields[5] > 0 ? arena.data + fields[4] : NULL,
        .msg_controllen = fields[5],
    };
  }
  return true;
}

/* Returns how many messages left; an error only when the first message did not. */
static napi_value send_batch(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int fd, count, flags;
  struct bytes arena;
  struct words meta;
  if (!read_arguments(env, info, 5, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &arena) ||
      !read_words(env, values[2], &meta) || !read_int(env, values[3], &count) || !read_int(env, values[4], &flags)) {
    return NULL;
  }
  if (count < 0 || (size_t)count > meta.length / SEND_FIELDS) return return_number(env, -EINVAL);

  struct mmsghdr headers[BATCH_MAX];
  struct iovec vectors[BATCH_MAX];
  int sent = 0;
  while (sent < count) {
    int part = count - sent < BATCH_MAX ? count - sent : BATCH_MAX;
    if (!describe_batch(arena, meta.data + sent * SEND_FIELDS, part, headers, vectors)) return return_number(env, -EFAULT);
    int result = sendmmsg(fd, headers, part, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result == -1) return return_number(env, sent > 0 ? sent : -errno);
    sent += result;
    if (result < part) break;
  }
  return return_number(env, sent);
}

const struct function socket_functions[] = {
    {"socket", open_socket},
    {"close", close_descriptor},
    {"bind", bind_socket},
    {"connect", connect_socket},
    {"getsockname", socket_name},
    {"setsockopt", set_option},
    {"getsockopt", get_option},
    {"attachFilter", attach_filter},
    {"recvmmsg", receive_batch},
    {"sendmmsg", send_batch},
    {NULL, NULL},
};
