/* SPDX-License-Identifier: MIT */
/*
 * Readiness of a descriptor on the event loop of the calling thread (libuv's uv_poll).
 *
 * A watch is known by its descriptor: libuv allows one watch per descriptor and loop, so no second name is needed.
 * A watch keeps itself alive until pollClose or the end of its environment; it does not depend on garbage collection.
 *
 * libuv turns POLLERR (an overrun of a netlink socket, an ICMP error) into status -EBADF and stops the watch. So on a
 * failed status the pending socket error is read, the watch is started again, and the callback gets the error.
 */
#include "native.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

struct watch {
  uv_poll_t poll;
  napi_env env;
  napi_ref callback;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  int fd;
  int events;
};

/* The watches of one environment, indexed by descriptor. */
struct table {
  struct watch **watches;
  int size;
};

static struct table *table_of(napi_env env) {
  void *table = NULL;
  napi_get_instance_data(env, &table);
  return table;
}

static struct watch *find_watch(napi_env env, int fd) {
  struct table *table = table_of(env);
  return fd >= 0 && fd < table->size ? table->watches[fd] : NULL;
}

static bool reserve_entry(struct table *table, int fd) {
  if (fd < table->size) return true;
  int size = fd + 64;
  struct watch **watches = realloc(table->watches, size * sizeof *watches);
  if (watches == NULL) return false;
  memset(watches + table->size, 0, (size - table->size) * sizeof *watches);
  table->watches = watches;
  table->size = size;
  return true;
}

/* The table may be gone when this runs: the environment's end does not wait for it. */
static void on_closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  napi_remove_async_cleanup_hook(watch->cleanup);
  free(watch);
}

static void close_watch(struct watch *watch) {
  struct table *table = table_of(watch->env);
  if (table->watches[watch->fd] != watch) return;
  table->watches[watch->fd] = NULL;
  napi_async_destroy(watch->env, watch->context);
  napi_delete_reference(watch->env, watch->callback);
  uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  close_watch(data);
}

static void report_exception(napi_env env) {
  bool pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void call_back(struct watch *watch, int events, int error) {
  napi_env env = watch->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver, callback, arguments[2];
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, watch->callback, &callback) == napi_ok &&
      napi_create_int32(env, events, &arguments[0]) == napi_ok &&
      napi_create_int32(env, error, &arguments[1]) == napi_ok &&
      napi_make_callback(env, watch->context, receiver, callback, 2, arguments, NULL) != napi_ok) {
    report_exception(env);
  }
  napi_close_handle_scope(env, scope);
}

static int pending_error(int fd, int status) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1) return -status;
  return error;
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  if (status >= 0) {
    call_back(watch, events, 0);
    return;
  }
  int error = pending_error(watch->fd, status);
  uv_poll_start(&watch->poll, watch->events, on_ready);
  call_back(watch, 0, error);
}

/* Creates what a watch needs of the environment; undoes the rest when a part fails. */
static bool attach_watch(napi_env env, struct watch *watch, napi_value callback) {
  napi_value name;
  if (napi_create_string_utf8(env, "holdfast.poll", NAPI_AUTO_LENGTH, &name) != napi_ok) return false;
  if (napi_create_reference(env, callback, 1, &watch->callback) != napi_ok) return false;
  if (napi_async_init(env, NULL, name, &watch->context) != napi_ok) {
    napi_delete_reference(env, watch->callback);
    return false;
  }
  if (napi_add_async_cleanup_hook(env, on_environment_end, watch, &watch->cleanup) != napi_ok) {
    napi_async_destroy(env, watch->context);
    napi_delete_reference(env, watch->callback);
    return false;
  }
  return true;
}

static int open_watch(napi_env env, int fd, int events, napi_value callback) {
  if (find_watch(env, fd) != NULL) return -EEXIST;
  uv_loop_t *loop;
  if (fd < 0 || napi_get_uv_event_loop(env, &loop) != napi_ok) return -EBADF;
  struct table *table = table_of(env);
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL || !reserve_entry(table, fd)) {
    free(watch);
    return -ENOMEM;
  }
  watch->env = env;
  watch->fd = fd;
  watch->events = events;
  watch->poll.data = watch;
  int status = uv_poll_init(loop, &watch->poll, fd);
  if (status < 0) {
    free(watch);
    return status;
  }
  if (!attach_watch(env, watch, callback)) {
    uv_close((uv_handle_t *)&watch->poll, (uv_close_cb)free);
    return -ENOMEM;
  }
  table->watches[fd] = watch;
  status = uv_poll_start(&watch->poll, events, on_ready);
  if (status < 0) close_watch(watch);
  return status;
}

static napi_value poll_open(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int fd, events;
  napi_valuetype type;
  if (!read_arguments(env, info, 3, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &events)) {
    return NULL;
  }
  if (napi_typeof(env, values[2], &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected a function");
    return NULL;
  }
  return return_number(env, open_watch(env, fd, events, values[2]));
}

static napi_value poll_update(napi_env env, napi_callback_info info) {
  int ints[2];
  if (!read_ints(env, info, 2, ints)) return NULL;
  struct watch *watch = find_watch(env, ints[0]);
  if (watch == NULL) return return_number(env, -EBADF);
  watch->events = ints[1];
  return return_number(env, uv_poll_start(&watch->poll, watch->events, on_ready));
}

static napi_value poll_close(napi_env env, napi_callback_info info) {
  int fd;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  struct watch *watch = find_watch(env, fd);
  if (watch == NULL) return return_number(env, -EBADF);
  close_watch(watch);
  return return_number(env, 0);
}

static napi_value poll_ref(napi_env env, napi_callback_info info) {
  int fd;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  struct watch *watch = find_watch(env, fd);
  if (watch == NULL) return return_number(env, -EBADF);
  uv_ref((uv_handle_t *)&watch->poll);
  return return_number(env, 0);
}

static napi_value poll_unref(napi_env env, napi_callback_info info) {
  int fd;
  if (!read_ints(env, info, 1, &fd)) return NULL;
  struct watch *watch = find_watch(env, fd);
  if (watch == NULL) return return_number(env, -EBADF);
  uv_unref((uv_handle_t *)&watch->poll);
  return return_number(env, 0);
}

static void free_table(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct table *table = data;
  free(table->watches);
  free(table);
}

napi_status poll_prepare(napi_env env) {
  struct table *table = calloc(1, sizeof *table);
  if (table == NULL) return napi_generic_failure;
  napi_status status = napi_set_instance_data(env, table, free_table, NULL);
  if (status != napi_ok) free(table);
  return status;
}

const struct function poll_functions[] = {
    {"pollOpen", poll_open},
    {"pollUpdate", poll_update},
    {"pollClose", poll_close},
    {"pollRef", poll_ref},
    {"pollUnref", poll_unref},
    {NULL, NULL},
};
