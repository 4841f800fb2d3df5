/* SPDX-License-Identifier: MIT */
/*
 * Carries out the last will of another process: a program of its own, not a part of the addon.
 *
 * Standard input is a pipe. It brings records: length (32 bits), slot and protocol (16 bits each), then as many bytes of
 * datagrams, each with its length (32 bits) before it and padded to four. A record replaces the former one of its slot.
 * When the pipe ends, the datagrams of all slots are sent to netlink sockets of their protocols, and the program ends.
 * After a record of the slot 0xffff it ends without sending. Numbers are in the host's byte order.
 *
 * It decides nothing. Signals that are meant for a daemon or a terminal do not end it, since it has to outlive them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOT_DONE 0xffff
/* More than any program has use for; the table takes 24 bytes for each. */
#define SLOT_COUNT_MAX 16384

struct header {
  uint32_t length;
  uint16_t slot;
  uint16_t protocol;
};

struct slot {
  uint8_t *bytes;
  uint32_t length;
  uint16_t protocol;
};

static struct slot *slots;
static unsigned slot_count;

/* Returns false when the pipe ends first. */
static bool read_all(void *into, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t got = read(STDIN_FILENO, (uint8_t *)into + have, length - have);
    if (got > 0) have += (size_t)got;
    else if (got == 0 || errno != EINTR) return false;
  }
  return true;
}

static bool make_room(unsigned slot) {
  if (slot < slot_count) return true;
  if (slot >= SLOT_COUNT_MAX) return false;
  struct slot *more = realloc(slots, (slot + 1) * sizeof *slots);
  if (more == NULL) return false;
  memset(more + slot_count, 0, (slot + 1 - slot_count) * sizeof *slots);
  slots = more;
  slot_count = slot + 1;
  return true;
}

/* Reads what belongs to a record and forgets it. */
static bool skip(uint32_t length) {
  uint8_t bytes[512];
  while (length > 0) {
    uint32_t part = length < sizeof bytes ? length : sizeof bytes;
    if (!read_all(bytes, part)) return false;
    length -= part;
  }
  return true;
}

/* Reads a record; the former one of its slot counts until the new one is whole. One that there is no room for is passed
 * over: that must not be taken for the end. Returns false when the pipe ends first. */
static bool read_record(const struct header *header) {
  if (!make_room(header->slot)) return skip(header->length);
  uint8_t *bytes = NULL;
  if (header->length > 0) {
    bytes = malloc(header->length);
    if (bytes == NULL) return skip(header->length);
    if (!read_all(bytes, header->length)) return false;
  }
  struct slot *slot = &slots[header->slot];
  free(slot->bytes);
  *slot = (struct slot){.bytes = bytes, .length = header->length, .protocol = header->protocol};
  return true;
}

/* What the kernel answers is read and forgotten: it says whether something was there at all. */
static void send_slot(const struct slot *slot) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, slot->protocol);
  if (fd == -1) return;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  uint8_t answer[64];
  for (uint32_t offset = 0; slot->length - offset >= sizeof(uint32_t);) {
    uint32_t length;
    memcpy(&length, slot->bytes + offset, sizeof length);
    offset += sizeof length;
    if (length > slot->length - offset) break;
    sendto(fd, slot->bytes + offset, length, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (recv(fd, answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC) > 0) continue;
    offset += (length + 3) & ~3u;
  }
  close(fd);
}

int main(void) {
  const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
  for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
  setsid();
  if (chdir("/") == -1) return 1;
  prctl(PR_SET_NAME, "holdfast-will");
  struct header header;
  while (read_all(&header, sizeof header)) {
    if (header.slot == SLOT_DONE) return 0;
    if (!read_record(&header)) break;
  }
  for (unsigned index = 0; index < slot_count; index++) {
    if (slots[index].length > 0) send_slot(&slots[index]);
  }
  return 0;
}
