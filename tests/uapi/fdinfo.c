// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a file's fdinfo says: whose it is, its memory, and the time that its jobs have taken. Run by uapi.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB	     (1024ull * 1024)

/* Return: whether fdinfo has the key; @ret_value is what follows it, without the tab. */
static bool find(int fd, const char *key, char *ret_value, size_t size)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	CHECK(file);
	while (!found && fgets(line, sizeof(line), file)) {
		size_t length = strlen(key);

		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, key, length) || line[length] != ':')
			continue;
		snprintf(ret_value, size, "%s",
			 line + length + 1 + strspn(line + length + 1, "\t "));
		found = true;
	}
	fclose(file);
	return found;
}

/* In bytes, or nanoseconds. */
static uint64_t number(int fd, const char *key)
{
	char value[64], *unit;
	uint64_t n;

	if (!find(fd, key, value, sizeof(value)))
		FAIL("fdinfo has no %s", key);
	n = strtoull(value, &unit, 10);
	CHECK(unit != value);
	if (!strcmp(unit, " KiB"))
		return n * 1024;
	if (!strcmp(unit, " MiB"))
		return n * MIB;
	CHECK(!*unit || !strcmp(unit, " ns"));
	return n;
}

/* Upstream's driver has none in 6.12, with interface 1.0. */
static void skip_if_old(int fd)
{
	char driver[64];

	if (uapi_version(fd) < 101 && !find(fd, "drm-driver", driver, sizeof(driver)))
		uapi_skip("the driver has no fdinfo");
}

static void identity(void)
{
	char one[64], two[64];
	int fd = uapi_open(), other = uapi_open();

	skip_if_old(fd);
	CHECK(find(fd, "drm-driver", one, sizeof(one)));
	CHECK(!strcmp(one, "panthor"));
	CHECK(find(fd, "drm-client-id", one, sizeof(one)));
	CHECK(find(other, "drm-client-id", two, sizeof(two)));
	CHECK(strcmp(one, two));
}

/* ---- memory ---- */

/* Of buffers that are all in use. */
static void has(int fd, uint64_t total, uint64_t shared)
{
	CHECK_EQ(number(fd, "drm-total-memory"), total);
	CHECK_EQ(number(fd, "drm-shared-memory"), shared);
	/* without buffers the kernel doesn't know whether the driver tells this of them */
	if (total)
		CHECK_EQ(number(fd, "drm-resident-memory"), total);
}

/* All of it is mapped and written to, so it is there with any driver. */
static struct uapi_bo used_bo(int fd, uint64_t size)
{
	struct uapi_bo bo = uapi_bo(fd, size, 0);
	uint64_t i;

	for (i = 0; i < size / 4; i += UAPI_PAGE / 4)
		bo.map[i] = 1;
	return bo;
}

static void memory(void)
{
	struct drm_prime_handle prime = { .flags = O_CLOEXEC | O_RDWR, .fd = -1 };
	int fd = uapi_open(), other = uapi_open();
	struct uapi_bo bos[3];

	skip_if_old(fd);
	has(fd, 0, 0);
	bos[0] = used_bo(fd, UAPI_PAGE);
	bos[1] = used_bo(fd, 5 * UAPI_PAGE);
	bos[2] = used_bo(fd, 2 * MIB);
	has(fd, 6 * UAPI_PAGE + 2 * MIB, 0);
	has(other, 0, 0);

	prime.handle = bos[1].handle;
	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	CHECK_OK(uapi_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	close(prime.fd);
	has(fd, 6 * UAPI_PAGE + 2 * MIB, 5 * UAPI_PAGE);
	has(other, 5 * UAPI_PAGE, 5 * UAPI_PAGE);

	CHECK_OK(uapi_gem_close(fd, bos[2].handle));
	has(fd, 6 * UAPI_PAGE, 5 * UAPI_PAGE);
	CHECK_OK(uapi_gem_close(other, prime.handle));
	/* what was exported once counts as shared for as long as it lives */
	has(fd, 6 * UAPI_PAGE, 5 * UAPI_PAGE);
	has(other, 0, 0);
	CHECK_OK(uapi_gem_close(fd, bos[1].handle));
	has(fd, UAPI_PAGE, 0);
}

/* The list in debugfs, of drivers that have one: who made a buffer, its size and label. */
static void gems(void)
{
	static const char label[] = "the label of fdinfo.c";
	struct pan_bo_set_label set = { .label = (uintptr_t)label };
	const char *minor = strpbrk(uapi_node(), "0123456789");
	char path[64], line[8192], creator[64], size[64];
	int fd = uapi_open();
	bool found = false;
	FILE *file;

	if (uapi_version(fd) < 104)
		uapi_skip("needs interface 1.4");
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%s/gems", minor ? minor : "");
	file = fopen(path, "re");
	if (!file)
		uapi_skip("no list of buffers in debugfs");
	set.handle = used_bo(fd, 7 * UAPI_PAGE).handle;
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_BO_SET_LABEL, &set));
	snprintf(creator, sizeof(creator), "/%d ", (int)getpid());
	snprintf(size, sizeof(size), " %u ", 7 * UAPI_PAGE);
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, label))
			continue;
		CHECK(strstr(line, creator) && strstr(line, size));
		found = true;
	}
	CHECK(found);
	fclose(file);
}

/* ---- time ---- */

#define WORK_NS 1500000000ll

/* Upstream counts if it is asked to, of which interface 1.0 knows nothing: all that can be counted, from now on. */
static void profile(void)
{
	const char *name = strrchr(uapi_node(), '/');
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/drm/%s/device/profiling",
		 name ? name + 1 : uapi_node());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	CHECK_EQ(write(fd, "3", 1), 1);
	close(fd);
}

/* Runs until the CPU writes the first word. Return: how long it took at most */
static int64_t work(struct uapi_rig *rig, uint32_t group)
{
	/* a GPU that snoops the CPU's caches still keeps what it has read in its own */
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)), CS_MOVE32(3, 0), CS_FLUSH(3),	      CS_WAIT_ALL,
		CS_LOAD(2, 1, 0, 0),	       CS_WAIT_ALL,	CS_BRANCH_ZERO(2, -5)
	};
	uint32_t done = uapi_syncobj(rig->fd);
	int64_t begun = uapi_now_ns();

	*uapi_word(rig, 0) = 0;
	uapi_submit_one(rig, group, 0, uapi_stream(rig, words, COUNT(words)), done);
	CHECK_ERROR(uapi_wait(rig->fd, done, WORK_NS), -ETIME);
	*uapi_word(rig, 0) = 1;
	CHECK_OK(uapi_result(rig->fd, done));
	return uapi_now_ns() - begun;
}

static void sample(int fd, struct pan_timestamp_info *ret_info)
{
	*ret_info = (struct pan_timestamp_info){ 0 };
	CHECK_OK(uapi_query(fd, PAN_QUERY_TIMESTAMP_INFO, ret_info, sizeof(*ret_info)));
	CHECK(ret_info->timestamp_frequency);
}

/*
 * @ns is what the driver says of a job of work(). In an emulated machine the GPU's timer need not be the CPU's, whose
 * frequency upstream takes it to have: the clock on the wall decides how long such a second is.
 */
static void check_time(uint64_t ns, int64_t most, const struct pan_timestamp_info *before,
		       const struct pan_timestamp_info *after)
{
	double scale = (double)(after->current_timestamp - before->current_timestamp) /
		       (double)after->timestamp_frequency / ((double)most / 1e9);

	/* until the job has begun, and until its end is noticed, a busy machine takes its time */
	if ((double)ns < scale * WORK_NS * 3 / 4 || (double)ns > scale * (double)most * 11 / 10)
		FAIL("%llu ns of a job of %lld to %lld ns, %f", (unsigned long long)ns, WORK_NS,
		     (long long)most, scale);
}

/* It is what jobs took, for the file that they were of, and does not go back when their group has gone. */
static void time_of_jobs(void)
{
	static const char key[] = "drm-engine-panthor";
	struct pan_timestamp_info before, after;
	int idle = uapi_open();
	struct uapi_rig rig;
	uint64_t spent, first;
	uint32_t group;
	char value[64];
	int64_t most;

	profile();
	skip_if_old(idle);
	if (uapi_version(idle) < 109 && !find(idle, key, value, sizeof(value)))
		uapi_skip("the driver does not tell the time");
	uapi_rig_init(&rig);
	CHECK_EQ(number(rig.fd, key), 0);
	group = uapi_group(rig.fd, rig.vm, 1);
	sample(rig.fd, &before);
	most = work(&rig, group);
	sample(rig.fd, &after);
	first = number(rig.fd, key);
	check_time(first, most, &before, &after);
	CHECK_OK(uapi_group_destroy(rig.fd, group));
	spent = number(rig.fd, key);
	CHECK(spent >= first);
	usleep(300000);
	CHECK(number(rig.fd, key) - spent < 50000000);

	sample(rig.fd, &before);
	most = work(&rig, uapi_group(rig.fd, rig.vm, 1));
	sample(rig.fd, &after);
	check_time(number(rig.fd, key) - spent, most, &before, &after);
	CHECK_EQ(number(idle, key), 0);
}

const struct uapi_test uapi_fdinfo_tests[] = {
	{ "fdinfo-identity", identity },
	{ "fdinfo-memory", memory },
	{ "fdinfo-gems", gems },
	{ "fdinfo-time", time_of_jobs },
	{ 0 },
};
