/* SPDX-License-Identifier: MIT */
/*
 * Lets User-Mode Linux run on a processor with AMX.
 *
 * Linux takes the extended state of a traced process (NT_X86_XSTATE) only whole: on such a processor 11008 bytes.
 * User-Mode Linux 6.1 has 2696 for it, which end with the protection keys, so its first system call fails with EFAULT.
 * Preloaded, this lengthens what is written, with the rest as it is at the start of a process. Nothing inside uses the
 * rest: it would need a permission that nothing inside asks for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* More than the state of any processor so far; the kernel says how much there is. */
#define STATE_SIZE_MAX 65536
/* Where the state says which of its components are not as at the start (Intel SDM, volume 1, section 13.4.2). */
#define COMPONENTS_AT 512
/* Bits 0 to 9: up to and with the protection keys. */
#define COMPONENTS_KNOWN 0x3ffu

typedef long (*ptrace_function)(int, pid_t, void *, void *);

static ptrace_function next;
/* Zero until it is known. */
static size_t state_size;
static uint8_t state[STATE_SIZE_MAX];

static size_t size_of_state(pid_t pid)
{
	struct iovec whole = { state, sizeof(state) };

	return next(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &whole) < 0 ? 0 : whole.iov_len;
}

static long set_state(pid_t pid, const struct iovec *part)
{
	struct iovec whole = { state, state_size };
	uint64_t components;

	memset(state, 0, state_size);
	memcpy(state, part->iov_base, part->iov_len);
	memcpy(&components, state + COMPONENTS_AT, sizeof(components));
	components &= COMPONENTS_KNOWN;
	memcpy(state + COMPONENTS_AT, &components, sizeof(components));
	return next(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	pid_t pid;
	void *address, *data;

	va_start(arguments, request);
	pid = va_arg(arguments, pid_t);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	if (next == 0)
		next = (ptrace_function)dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE) {
		const struct iovec *part = data;

		if (state_size == 0)
			state_size = size_of_state(pid);
		if (part->iov_len < state_size)
			return set_state(pid, part);
	}
	return next(request, pid, address, data);
}
