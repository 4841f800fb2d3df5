/* SPDX-License-Identifier: MIT */
/*
 * Sockets. Addresses, options and control messages cross as bytes; their codecs are in TypeScript.
 *
 * Batched calls work on one arena (a Uint8Array) and one Int32Array of numbers about it, so that a batch costs one
 * crossing and no allocation. native/README.md describes both layouts.
 */
#include "native.h"

#include <linux/filter.h>
#include <stdlib.h>
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

/* Messages in JavaScript's memory and where they go. */
struct sending {
  int fd;
  int count;
  int flags;
  struct bytes arena;
  struct words meta;
};

static bool read_sending(napi_env env, const napi_value *values, struct sending *sending) {
  return read_int(env, values[0], &sending->fd) && read_bytes(env, values[1], &sending->arena) &&
         read_words(env, values[2], &sending->meta) && read_int(env, values[3], &sending->count) &&
         read_int(env, values[4], &sending->flags);
}

/* Returns how many messages left; -errno only when the first message did not. */
static int send_messages(const struct sending *sending) {
  if (sending->count < 0 || (size_t)sending->count > sending->meta.length / SEND_FIELDS) return -EINVAL;

  struct mmsghdr headers[BATCH_MAX];
  struct iovec vectors[BATCH_MAX];
  int sent = 0;
  while (sent < sending->count) {
    int part = sending->count - sent < BATCH_MAX ? sending->count - sent : BATCH_MAX;
    const int32_t *fields = sending->meta.data + sent * SEND_FIELDS;
    if (!describe_batch(sending->arena, fields, part, headers, vectors)) return -EFAULT;
    int result = sendmmsg(sending->fd, headers, part, sending->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result == -1) return sent > 0 ? sent : -errno;
    sent += result;
    if (result < part) break;
  }
  return sent;
}

static napi_value send_batch(napi_env env, napi_callback_info info) {
  napi_value values[5];
  struct sending sending;
  if (!read_arguments(env, info, 5, values) || !read_sending(env, values, &sending)) return NULL;
  return return_number(env, send_messages(&sending));
}

/* A batch that another thread sends: it keeps the memory that it reads from. */
struct errand {
  struct sending sending;
  napi_async_work work;
  napi_ref arena;
  napi_ref meta;
  napi_ref on_sent;
  int result;
};

static void run_errand(napi_env env, void *data) {
  (void)env;
  struct errand *errand = data;
  errand->result = send_messages(&errand->sending);
}

static void end_errand(napi_env env, napi_status status, void *data) {
  struct errand *errand = data;
  napi_value on_sent, result, undefined;
  int number = status == napi_ok ? errand->result : -ECANCELED;
  if (napi_get_reference_value(env, errand->on_sent, &on_sent) == napi_ok &&
      napi_get_undefined(env, &undefined) == napi_ok && napi_create_int32(env, number, &result) == napi_ok) {
    napi_call_function(env, undefined, on_sent, 1, &result, NULL);
  }
  napi_delete_reference(env, errand->arena);
  napi_delete_reference(env, errand->meta);
  napi_delete_reference(env, errand->on_sent);
  napi_delete_async_work(env, errand->work);
  free(errand);
}

/* Returns zero when the errand is under way; its result comes by the callback. */
static napi_value send_batch_elsewhere(napi_env env, napi_callback_info info) {
  napi_value values[6], name;
  struct errand *errand = calloc(1, sizeof *errand);
  if (errand == NULL) return return_number(env, -ENOMEM);
  if (!read_arguments(env, info, 6, values) || !read_sending(env, values, &errand->sending)) {
    free(errand);
    return NULL;
  }
  bool ready = napi_create_reference(env, values[1], 1, &errand->arena) == napi_ok &&
               napi_create_reference(env, values[2], 1, &errand->meta) == napi_ok &&
               napi_create_reference(env, values[5], 1, &errand->on_sent) == napi_ok &&
               napi_create_string_utf8(env, "holdfast.send", NAPI_AUTO_LENGTH, &name) == napi_ok &&
               napi_create_async_work(env, NULL, name, run_errand, end_errand, errand, &errand->work) == napi_ok &&
               napi_queue_async_work(env, errand->work) == napi_ok;
  if (ready) return return_number(env, 0);
  if (errand->arena != NULL) napi_delete_reference(env, errand->arena);
  if (errand->meta != NULL) napi_delete_reference(env, errand->meta);
  if (errand->on_sent != NULL) napi_delete_reference(env, errand->on_sent);
  if (errand->work != NULL) napi_delete_async_work(env, errand->work);
  free(errand);
  return return_number(env, -ENOMEM);
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
    {"sendmmsgElsewhere", send_batch_elsewhere},
    {NULL, NULL},
};
