// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Replays the corpus of one fuzz target, so that 'make check' runs every input that a fuzzer ever
 * found interesting. Linked to each target when the build is not made for a fuzzing engine.
 *
 * The corpus of tests/fuzz/<name>_fuzz is tests/fuzz/corpus/<name>/ of the source tree
 * ($top_srcdir); arguments, if there are any, name files to run in its place.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		fprintf(stderr, "%s: cannot tell its size\n", path);
		fclose(f);
		return -1;
	}
	/* exactly the input's size, so that a sanitizer sees any read beyond it */
	data = malloc(size ? (size_t)size : 1);
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(data);
		fclose(f);
		return -1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return 0;
}

static int run_corpus(const char *program)
{
	const char *srcdir = getenv("top_srcdir");
	const char *base = strrchr(program, '/');
	const char *end;
	char dir[4096], path[8192];
	unsigned int count = 0;
	struct dirent *entry;
	DIR *d;

	base = base ? base + 1 : program;
	end = strstr(base, "_fuzz");
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%.*s", srcdir ? srcdir : ".",
		 end ? (int)(end - base) : (int)strlen(base), base);
	d = opendir(dir);
	if (!d) {
		fprintf(stderr, "%s: %s\n", dir, strerror(errno));
		return 1;
	}
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (run_file(path)) {
			closedir(d);
			return 1;
		}
		count++;
	}
	closedir(d);
	printf("%s: %u inputs of the corpus replayed\n", base, count);
	return count ? 0 : 1;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	if (argc < 2)
		return run_corpus(argv[0]);
	for (i = 1; i < argc; i++)
		failed |= run_file(argv[i]) != 0;
	return failed;
}
