/* SPDX-License-Identifier: MIT */
/*
 * What the files of the addon share: reading arguments, returning results, and the list of functions.
 *
 * Every function returns a number: zero or more on success, -errno on failure. Only an argument of the wrong
 * type throws (TypeError); a system call that fails never does.
 */
#ifndef HOLDFAST_NATIVE_H
#define HOLDFAST_NATIVE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most arguments any function takes. */
#define ARGUMENT_COUNT_MAX 6

struct bytes {
  uint8_t *data;
  size_t length;
};

struct words {
  int32_t *data;
  size_t length;
};

/* A failed reader leaves a pending TypeError and returns false; the caller then returns NULL to JavaScript. */
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool read_int(napi_env env, napi_value value, int *result);
bool read_double(napi_env env, napi_value value, double *result);
bool read_bytes(napi_env env, napi_value value, struct bytes *result);
bool read_words(napi_env env, napi_value value, struct words *result);
/* The caller frees the string. */
bool read_string(napi_env env, napi_value value, char **result);
bool read_ints(napi_env env, napi_callback_info info, size_t count, int *results);

napi_value return_number(napi_env env, double number);
/* Returns `result`, or -errno when `result` is -1. */
napi_value return_result(napi_env env, int64_t result);

struct function {
  const char *name;
  napi_callback call;
};

/* Each list ends with an entry whose name is NULL. */
extern const struct function socket_functions[];
extern const struct function timer_functions[];
extern const struct function poll_functions[];
extern const struct function epoll_functions[];
extern const struct function process_functions[];
extern const struct function file_functions[];

/* Prepares the table of watched descriptors of one environment (the main thread or one worker). */
napi_status poll_prepare(napi_env env);

#endif
