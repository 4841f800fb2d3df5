/* SPDX-License-Identifier: MIT */
/*
 * The module: registers every function once per environment. Context-aware, so it loads in any number of worker
 * threads; it holds no global state.
 */
#include "native.h"

#include <stdlib.h>

static bool throw_type(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < count) {
    return throw_type(env, "too few arguments");
  }
  return true;
}

bool read_int(napi_env env, napi_value value, int *result) {
  if (napi_get_value_int32(env, value, result) != napi_ok) return throw_type(env, "expected a number");
  return true;
}

bool read_double(napi_env env, napi_value value, double *result) {
  if (napi_get_value_double(env, value, result) != napi_ok) return throw_type(env, "expected a number");
  return true;
}

static bool read_typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  napi_value buffer;
  size_t offset;
  bool matches = napi_get_typedarray_info(env, value, &type, length, data, &buffer, &offset) == napi_ok && type == wanted;
  return matches;
}

bool read_bytes(napi_env env, napi_value value, struct bytes *result) {
  void *data = NULL;
  if (!read_typed_array(env, value, napi_uint8_array, &data, &result->length)) {
    return throw_type(env, "expected a Uint8Array");
  }
  result->data = data;
  return true;
}

bool read_words(napi_env env, napi_value value, struct words *result) {
  void *data = NULL;
  if (!read_typed_array(env, value, napi_int32_array, &data, &result->length)) {
    return throw_type(env, "expected an Int32Array");
  }
  result->data = data;
  return true;
}

bool read_string(napi_env env, napi_value value, char **result) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return throw_type(env, "expected a string");
  char *text = malloc(length + 1);
  if (text == NULL) return throw_type(env, "out of memory");
  napi_get_value_string_utf8(env, value, text, length + 1, &length);
  *result = text;
  return true;
}

bool read_ints(napi_env env, napi_callback_info info, size_t count, int *results) {
  napi_value values[ARGUMENT_COUNT_MAX];
  if (!read_arguments(env, info, count, values)) return false;
  for (size_t index = 0; index < count; index++) {
    if (!read_int(env, values[index], &results[index])) return false;
  }
  return true;
}

napi_value return_number(napi_env env, double number) {
  napi_value value;
  return napi_create_double(env, number, &value) == napi_ok ? value : NULL;
}

napi_value return_result(napi_env env, int64_t result) {
  return return_number(env, result == -1 ? -errno : (double)result);
}

static napi_status export_functions(napi_env env, napi_value exports, const struct function *functions) {
  for (const struct function *entry = functions; entry->name != NULL; entry++) {
    napi_value value;
    napi_status status = napi_create_function(env, entry->name, NAPI_AUTO_LENGTH, entry->call, NULL, &value);
    if (status == napi_ok) status = napi_set_named_property(env, exports, entry->name, value);
    if (status != napi_ok) return status;
  }
  return napi_ok;
}

__attribute__((visibility("default"))) NAPI_MODULE_INIT() {
  if (poll_prepare(env) != napi_ok || export_functions(env, exports, socket_functions) != napi_ok ||
      export_functions(env, exports, timer_functions) != napi_ok ||
      export_functions(env, exports, poll_functions) != napi_ok ||
      export_functions(env, exports, epoll_functions) != napi_ok ||
      export_functions(env, exports, process_functions) != napi_ok ||
      export_functions(env, exports, file_functions) != napi_ok) {
    napi_throw_error(env, NULL, "the native addon could not register its functions");
    return NULL;
  }
  return exports;
}
