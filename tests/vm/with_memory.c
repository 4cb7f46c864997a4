// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Starts a program with a memfd as descriptor 10, sealed against any change of size: a machine's memory, which QEMU opens as
 * /proc/self/fd/10 and the daemon as /proc/<QEMU>/fd/10.
 *
 * Usage: with_memory MIB PROGRAM ARGUMENT...
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FD 10

int main(int argc, char **argv)
{
	long mib = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	int fd;

	if (mib < 1) {
		fputs("Usage: with_memory MIB PROGRAM ARGUMENT...\n", stderr);
		return 2;
	}
	/* it stays open in the program */
	fd = memfd_create("machine", MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, (off_t)mib << 20) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) || dup2(fd, FD) < 0) {
		perror("with_memory: memfd");
		return 1;
	}
	if (fd != FD)
		close(fd);
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
