/* SPDX-License-Identifier: MIT */
/* Real servers for checks: accepts on every address, on the port it is given, and closes. As cheap as it can be, because it
 * shares a processor with what is measured. */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 65535

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 2)
		return 2;
	address.sin_port = htons((unsigned short)atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, BACKLOG) < 0)
		return 1;
	if (write(STDOUT_FILENO, "listening\n", 10) < 0)
		return 1;
	for (;;) {
		int accepted = accept(listener, NULL, NULL);

		if (accepted >= 0)
			close(accepted);
	}
}
