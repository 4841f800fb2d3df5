/* SPDX-License-Identifier: MIT */
/* Tells when a processor ran nothing of ours: before everything else that the scheduler knows, it wakes every millisecond, and
 * writes a line for each time that it did not, in microseconds of the wall clock: from, to. What holds it up holds up every
 * program: the host that took the processor away, or the kernel with interrupts off. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PERIOD_NANOS 1000000
#define NOTED_MICROS 4000

static long long micros(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 99 };
	struct timespec period = { .tv_nsec = PERIOD_NANOS };
	long long last;
	cpu_set_t one;

	if (argc != 2)
		return 2;
	CPU_ZERO(&one);
	CPU_SET(atoi(argv[1]), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0 || sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("watching");
	for (last = micros(CLOCK_MONOTONIC);;) {
		long long now;

		nanosleep(&period, NULL);
		now = micros(CLOCK_MONOTONIC);
		if (now - last > NOTED_MICROS) {
			long long to = micros(CLOCK_REALTIME);

			printf("%lld %lld\n", to - (now - last), to);
		}
		last = now;
	}
}
