/* SPDX-License-Identifier: MIT */
/* Files that Node cannot make. */
#include "native.h"

#include <stdlib.h>
#include <sys/stat.h>

static napi_value make_fifo(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char *path;
  int mode;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[1], &mode) || !read_string(env, values[0], &path)) {
    return NULL;
  }
  napi_value result = return_result(env, mkfifo(path, (mode_t)mode));
  free(path);
  return result;
}

const struct function file_functions[] = {
    {"mkfifo", make_fifo},
    {NULL, NULL},
};
