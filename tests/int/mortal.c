// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that come, work and die, many, several at a time. Each does what the script below says; it is killed with
 * SIGKILL before, after the sending, or after the answer of a step that is its turn, so that every step of the script is
 * somebody's last one; the rest die at random times, or live to its end. Afterwards the daemon and the model hold what
 * they held before.
 *
 * Usage: mortal CONTROL FOLDER DAEMON-PID MODEL-PID GUESTS SEED
 *
 * FOLDER has the sockets p0..p7 of partitions P0..P7. One process a guest; the parent only starts them and counts.
 */
#include <errno.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/ask.h"
#include "tests/lib/cs_asm.h"
#include "tests/lib/raw.h"
#include "tests/lib/work.h"

#define PARTITIONS  8u
#define NAME(index) mmx_name_make(index, 1)
#define PAGE	    4096u
#define CODE_VA	    0x100000ull
#define DATA_VA	    0x200000ull

/* What the daemon's own memory may grow by from the first guests to the last: heap that malloc keeps, in pieces. */
#define MAX_GROWTH_KIB 512
/* Guests of each partition before anything is measured, so that the heap has seen all of them at once. */
#define WARM_UP 10u

enum how {
	BEFORE,
	SENT,
	ANSWERED,
	HOW_COUNT
};

/* ---- a guest; in a process of its own ---- */

struct guest {
	struct mmx_raw raw;
	unsigned int step, last; /* the script's steps; the last one it lives to see */
	enum how how;
	uint64_t seqno[3]; /* of timelines 0 and 1, of the queues, and 2, of the VM */
};

static void fail(const char *what, int r)
{
	fprintf(stderr, "guest %d: %s: %s\n", (int)getpid(), what, strerror(r < 0 ? -r : r));
	_exit(1);
}

static void may_die(struct guest *g, enum how how)
{
	if (g->step == g->last && how == g->how)
		kill(getpid(), SIGKILL);
}

/* A step: a message and its answer. */
static void step(struct guest *g, const char *what, const union mmx_msg_buf *msg, int size)
{
	const struct mmx_raw_answer *answer;
	int r;

	may_die(g, BEFORE);
	r = size < 0 ? size : mmx_raw_send(&g->raw, msg, (uint32_t)size);
	if (r)
		fail(what, r);
	may_die(g, SENT);
	answer = mmx_raw_answer(&g->raw, msg->hdr.tag);
	if (!answer || answer->error)
		fail(what, answer ? answer->error : ETIMEDOUT);
	may_die(g, ANSWERED);
	g->step++;
}

static void step_object(struct guest *g, const char *what, uint16_t type, uint32_t name)
{
	union mmx_msg_buf msg;

	step(g, what, &msg, mmx_encode_object(&msg, ++g->raw.tag, type, name));
}

static void step_bind(struct guest *g, const char *what, const struct mmx_bind_op *ops,
		      uint32_t count)
{
	union mmx_msg_buf msg;

	step(g, what, &msg, mmx_encode_vm_bind(&msg, ++g->raw.tag, NAME(0), ops, count));
}

/* A job; nothing is waited for but its being sent. */
static void step_job(struct guest *g, uint32_t queue, struct mmx_cs_asm *a, uint32_t at,
		     const struct mmx_wait *wait)
{
	struct mmx_job_desc job = { .group = NAME(0), .queue = queue };
	union mmx_msg_buf msg;
	size_t count = 0;
	int size;

	if (a) {
		mmx_cs_asm_finish(a, &count);
		job.stream_addr = CODE_VA + at;
		job.stream_size = (uint32_t)(count * sizeof(uint64_t));
	}
	may_die(g, BEFORE);
	job.seqno = ++g->seqno[queue];
	size = mmx_encode_submit(&msg, ++g->raw.tag, &job, wait, wait ? 1 : 0);
	if (mmx_raw_send(&g->raw, &msg, (uint32_t)size))
		fail("SUBMIT", EIO);
	may_die(g, SENT);
	g->step++;
}

/* The last job of the queue ends with this. */
static void step_end_of_job(struct guest *g, const char *what, uint32_t queue, int error)
{
	int r;

	may_die(g, BEFORE);
	r = mmx_raw_job(&g->raw, NAME(queue), g->seqno[queue]);
	if (r != error)
		fail(what, r);
	may_die(g, ANSWERED);
	g->step++;
}

static struct mmx_cs_asm stream(struct guest *g, uint32_t at)
{
	struct mmx_cs_asm a;

	mmx_cs_asm_init(&a, (void *)(g->raw.data + at), 32);
	return a;
}

static void make_objects(struct guest *g)
{
	const struct mmx_run code = { .first_page = g->raw.first_page, .page_count = 1 };
	const struct mmx_run data[] = {
		{ .first_page = g->raw.first_page + 4, .page_count = 2 },
		{ .first_page = g->raw.first_page + 8, .page_count = 1 },
	};
	const struct mmx_bind_op ops[] = {
		{ .mem = NAME(0), .flags = MMX_BIND_READONLY, .va = CODE_VA, .size = PAGE },
		{ .mem = NAME(1), .flags = MMX_BIND_NOEXEC, .va = DATA_VA, .size = 3 * PAGE },
	};
	union mmx_msg_buf msg;

	step(g, "HELLO", &msg, mmx_encode_hello(&msg, ++g->raw.tag, "mortal"));
	step(g, "CLIENT_CREATE", &msg,
	     mmx_encode_client_create(&msg, ++g->raw.tag, NAME(0), 1, "mortal"));
	step(g, "MEM_CREATE", &msg,
	     mmx_encode_mem_create(&msg, ++g->raw.tag, NAME(0), MMX_MEM_SEAL, 1, &code, 1));
	step(g, "MEM_CREATE", &msg,
	     mmx_encode_mem_create(&msg, ++g->raw.tag, NAME(1), 0, 3, data, 1));
	step(g, "MEM_ADD", &msg,
	     mmx_encode_mem_add(&msg, ++g->raw.tag, NAME(1), MMX_MEM_SEAL, data + 1, 1));
	step(g, "VM_CREATE", &msg,
	     mmx_encode_vm_create(&msg, ++g->raw.tag, NAME(0), NAME(0), NAME(2), 0));
	step_bind(g, "VM_BIND", ops, 2);
}

/* A bind that waits for a job of queue 1. */
static void step_async(struct guest *g)
{
	const struct mmx_wait wait = { .timeline = NAME(1), .seqno = g->seqno[1] };
	const struct mmx_bind_op ops[] = {
		{ .mem = NAME(1), .va = DATA_VA + (1u << 20), .size = 2 * PAGE },
		{ .op = MMX_BIND_OP_UNMAP, .va = DATA_VA + (1u << 20), .size = PAGE },
	};
	union mmx_msg_buf msg;
	int size;

	may_die(g, BEFORE);
	size = mmx_encode_vm_bind_async(&msg, ++g->raw.tag, NAME(0), ++g->seqno[2], ops, 2, &wait,
					1);
	if (mmx_raw_send(&g->raw, &msg, (uint32_t)size))
		fail("VM_BIND_ASYNC", EIO);
	may_die(g, SENT);
	g->step++;
}

static void step_words(struct guest *g)
{
	union mmx_msg_buf msg;

	step(g, "LABEL", &msg,
	     mmx_encode_label(&msg, ++g->raw.tag, MMX_LABEL_GROUP, NAME(0), "mortal"));
	step(g, "TIME", &msg, mmx_encode_time(&msg, ++g->raw.tag));
}

static void step_heap(struct guest *g)
{
	const struct mmx_heap_desc heap = {
		.vm = NAME(0),
		.heap = NAME(0),
		.initial_chunk_count = 2,
		.chunk_size = 128u << 10,
		.max_chunks = 4,
		.target_in_flight = 2,
	};
	union mmx_msg_buf msg;

	step(g, "HEAP_CREATE", &msg, mmx_encode_heap_create(&msg, ++g->raw.tag, &heap));
}

static void make_group(struct guest *g)
{
	const struct mmx_group_desc desc = {
		.client = NAME(0), .vm = NAME(0), .group = NAME(0), .priority = 1
	};
	const struct mmx_queue_desc queues[] = {
		{ .ring_size = 4096, .timeline = NAME(0) },
		{ .ring_size = 4096, .timeline = NAME(1) },
	};
	union mmx_msg_buf msg;

	step(g, "GROUP_CREATE", &msg,
	     mmx_encode_group_create(&msg, ++g->raw.tag, &desc, queues, 2));
}

/* Jobs that end, one that never does, jobs that wait for it, one that faults; and binds while they run. */
static void work(struct guest *g, uint32_t value)
{
	const struct mmx_bind_op unmap = { .op = MMX_BIND_OP_UNMAP,
					   .va = DATA_VA + PAGE,
					   .size = PAGE };
	const struct mmx_bind_op map = {
		.mem = NAME(1), .va = DATA_VA + PAGE, .mem_offset = PAGE, .size = PAGE
	};
	struct mmx_wait wait = { .timeline = NAME(1), .seqno = 1 };
	const uint32_t *result = (const void *)(g->raw.data + 4 * PAGE + 64);
	struct mmx_cs_asm a = stream(g, 0);

	mmx_cs_put_store(&a, DATA_VA + 64, value);
	step_job(g, 0, &a, 0, NULL);
	step_end_of_job(g, "a store", 0, 0);
	if (*result != value)
		fail("a result is wrong", EIO);
	a = stream(g, 256);
	mmx_cs_put_endless(&a);
	step_job(g, 1, &a, 256, NULL);
	step_job(g, 0, NULL, 0, &wait);
	step_async(g);
	step_words(g);
	step_bind(g, "unmap beside a job", &unmap, 1);
	step_bind(g, "map beside a job", &map, 1);
	a = stream(g, 512);
	mmx_cs_put_store(&a, DATA_VA + 0x100000, value);
	step_heap(g);
	step_object(g, "GROUP_GET_STATE", MMX_MSG_GROUP_GET_STATE, NAME(0));
	step_object(g, "GROUP_DESTROY", MMX_MSG_GROUP_DESTROY, NAME(0));
	step_end_of_job(g, "a job without end", 1, ECANCELED);
	step_end_of_job(g, "a job that waits", 0, ECANCELED);
	/* what it waits for has failed, and that counts as completed */
	step_end_of_job(g, "a bind that waits", 2, 0);
	g->seqno[0] = g->seqno[1] = 0;
	/* the timelines' names come again, and what was told of them must not be taken for news */
	g->raw.entry_count = 0;
	make_group(g);
	step_job(g, 0, &a, 512, NULL);
	step_end_of_job(g, "a store where nothing is", 0, EINVAL);
}

static void live(const char *folder, unsigned int partition, unsigned int last, enum how how,
		 unsigned int *ret_steps)
{
	static struct guest g;
	char path[128];
	int r;

	g.last = last;
	g.how = how;
	snprintf(path, sizeof(path), "%s/p%u.sock", folder, partition);
	r = mmx_raw_open(path, mmx_work_timeout_ms(20000), &g.raw);
	if (r)
		fail("connecting", r);
	may_die(&g, BEFORE);
	make_objects(&g);
	make_group(&g);
	work(&g, 0x5a000000u + (uint32_t)getpid());
	step_object(&g, "GROUP_DESTROY", MMX_MSG_GROUP_DESTROY, NAME(0));
	step_object(&g, "HEAP_DESTROY", MMX_MSG_HEAP_DESTROY, NAME(0));
	step_heap(&g);
	step_object(&g, "MEM_DESTROY", MMX_MSG_MEM_DESTROY, NAME(1));
	step_object(&g, "VM_DESTROY", MMX_MSG_VM_DESTROY, NAME(0));
	r = mmx_raw_wait_released(&g.raw, NAME(1));
	if (r)
		fail("release", r);
	step_object(&g, "CLIENT_DESTROY", MMX_MSG_CLIENT_DESTROY, NAME(0));
	*ret_steps = g.step;
	mmx_raw_close(&g.raw);
}

/* ---- the parent ---- */

/* All of one type: they are compared as bytes. */
struct holds {
	int64_t dma_bytes, vms, groups, timers;
	int64_t daemon_fds, daemon_maps, model_fds, model_maps;
	int64_t daemon_anon_kib;
};

struct run {
	struct mmx_ask *ask;
	const char *folder;
	pid_t daemon, model;
	pid_t guests[PARTITIONS]; /* 0 = none */
	unsigned int *steps; /* shared: how many there are */
	unsigned int died, finished;
};

static void on_alarm(int sig)
{
	(void)sig;
	kill(getpid(), SIGKILL);
}

/* @last: the step it dies at, or UINT32_MAX; @us: or when, 0 = never */
static void start(struct run *run, unsigned int partition, unsigned int last, enum how how,
		  unsigned int us)
{
	const struct itimerval timer = { .it_value = { .tv_usec = (suseconds_t)us } };
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	if (pid) {
		run->guests[partition] = pid;
		return;
	}
	signal(SIGALRM, on_alarm);
	if (us)
		setitimer(ITIMER_REAL, &timer, NULL);
	live(run->folder, partition, last, how, run->steps);
	_exit(0);
}

/* Waits for one of them. Return: its partition. */
static unsigned int reap(struct run *run)
{
	int status;
	pid_t pid = wait(&status);
	unsigned int i;

	for (i = 0; i < PARTITIONS && run->guests[i] != pid; i++)
		;
	if (pid < 0 || i == PARTITIONS) {
		fprintf(stderr, "there is no guest to wait for\n");
		exit(1);
	}
	run->guests[i] = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		run->died++;
	} else if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		run->finished++;
	} else {
		printf("FAIL: a guest of P%u ended with status 0x%x\n", i, (unsigned int)status);
		exit(1);
	}
	return i;
}

static unsigned int count_entries(pid_t pid, const char *what)
{
	unsigned int count = 0;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* Mappings of memfds: what guests and the daemon share with the device. Heaps come and go. */
static unsigned int count_maps(pid_t pid)
{
	unsigned int count = 0;
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		count += strstr(line, "memfd:") != NULL;
	if (f)
		fclose(f);
	return count;
}

static unsigned int anon_kib(pid_t pid)
{
	unsigned int kib = 0;
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Anonymous:", 10))
			kib = (unsigned int)strtoul(line + 10, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static struct holds look(struct run *run)
{
	struct json_object *status = mmx_ask_status(run->ask), *gpu = mmx_ask_gpu(run->ask);
	struct holds holds = {
		.dma_bytes = mmx_ask_number(gpu, "dma_bytes"),
		.vms = mmx_ask_number(gpu, "vms"),
		.groups = mmx_ask_number(gpu, "groups"),
		.timers = mmx_ask_number(status, "timers"),
		.daemon_fds = count_entries(run->daemon, "fd"),
		.daemon_maps = count_maps(run->daemon),
		.model_fds = count_entries(run->model, "fd"),
		.model_maps = count_maps(run->model),
		.daemon_anon_kib = anon_kib(run->daemon),
	};

	json_object_put(gpu);
	json_object_put(status);
	return holds;
}

static bool partition_is_empty(struct run *run, unsigned int i)
{
	static const char *const numbers[] = { "clients", "vms",  "groups",    "timelines",
					       "mems",	  "jobs", "mem_bytes", "backend_bytes" };
	struct json_object *guest, *connected;
	bool empty = false;
	char name[8];
	size_t n;

	snprintf(name, sizeof(name), "P%u", i);
	guest = mmx_ask_partition(run->ask, name);
	if (guest && json_object_object_get_ex(guest, "connected", &connected))
		empty = !json_object_get_boolean(connected);
	for (n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++)
		empty &= !mmx_ask_number(guest, numbers[n]);
	json_object_put(guest);
	return empty;
}

/* Asks until nothing is left, which takes the daemon some rounds. */
static void wait_empty(struct run *run)
{
	unsigned int i, tries;

	for (i = 0; i < PARTITIONS; i++) {
		for (tries = 0; !partition_is_empty(run, i); tries++) {
			if (tries == 200000) {
				printf("FAIL: partition P%u is not empty\n", i);
				exit(1);
			}
		}
	}
}

/* On a busy machine the thread that gives up the last region of those before may come late: then less is held after. */
static bool holds_more(const struct holds *now, const struct holds *before)
{
	return now->dma_bytes > before->dma_bytes || now->vms > before->vms ||
	       now->groups > before->groups || now->timers > before->timers ||
	       now->daemon_fds > before->daemon_fds || now->daemon_maps > before->daemon_maps ||
	       now->model_fds > before->model_fds || now->model_maps > before->model_maps;
}

/* What is still being given up in the background is waited for, but not for long. */
static bool nothing_left(struct run *run, const struct holds *before, struct holds *ret_after)
{
	unsigned int tries;

	for (tries = 0; tries < 20000; tries++) {
		*ret_after = look(run);
		if (!holds_more(ret_after, before))
			return true;
	}
	return false;
}

/*
 * What is held when nothing changes any more: the last region of a guest is given up by a thread of the daemon, after
 * its partition counts as empty.
 */
static struct holds settled(struct run *run)
{
	struct holds before = look(run), now;
	unsigned int alike, tries;

	for (alike = 0, tries = 0; alike < 50 && tries < 20000; tries++) {
		now = look(run);
		now.daemon_anon_kib = before.daemon_anon_kib;
		alike = memcmp(&now, &before, sizeof(now)) ? 0 : alike + 1;
		if (!alike)
			before = look(run);
	}
	return look(run);
}

static void tell(const char *when, const struct holds *h)
{
	printf("%s: dma %lld bytes, %lld vms, %lld groups, %lld timers; daemon: %lld descriptors, "
	       "%lld mappings, %lld KiB; model: %lld descriptors, %lld mappings\n",
	       when, (long long)h->dma_bytes, (long long)h->vms, (long long)h->groups,
	       (long long)h->timers, (long long)h->daemon_fds, (long long)h->daemon_maps,
	       (long long)h->daemon_anon_kib, (long long)h->model_fds, (long long)h->model_maps);
}

/* Guests that live: the daemon has what it keeps for good, and the script's steps are counted. */
static void warm_up(struct run *run)
{
	unsigned int i, started = 0;

	for (i = 0; i < PARTITIONS; i++, started++)
		start(run, i, UINT32_MAX, BEFORE, 0);
	for (; started < PARTITIONS * WARM_UP; started++)
		start(run, reap(run), UINT32_MAX, BEFORE, 0);
	for (i = 0; i < PARTITIONS; i++)
		reap(run);
	wait_empty(run);
	run->finished = 0;
}

static void all_guests(struct run *run, unsigned int count)
{
	unsigned int steps = *run->steps, i, busy = 0, partition;

	for (i = 0; i < count; i++) {
		partition = busy < PARTITIONS ? busy++ : reap(run);
		if (i < steps * HOW_COUNT)
			start(run, partition, i / HOW_COUNT, (enum how)(i % HOW_COUNT), 0);
		else
			start(run, partition, UINT32_MAX, BEFORE,
			      1 + (unsigned int)random() % 20000);
	}
	while (busy--)
		reap(run);
	wait_empty(run);
}

int main(int argc, char **argv)
{
	static struct run run;
	struct holds before, after;
	unsigned int count, seed;
	bool ok;

	if (argc != 7) {
		fputs("Usage: mortal CONTROL FOLDER DAEMON-PID MODEL-PID GUESTS SEED\n", stderr);
		return 2;
	}
	run.ask = mmx_ask_open(argv[1], mmx_work_timeout_ms(20000));
	run.folder = argv[2];
	run.daemon = (pid_t)atoi(argv[3]);
	run.model = (pid_t)atoi(argv[4]);
	count = (unsigned int)atoi(argv[5]);
	seed = (unsigned int)strtoul(argv[6], NULL, 0);
	run.steps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!run.ask || run.steps == MAP_FAILED) {
		fprintf(stderr, "%s: no answer\n", argv[1]);
		return 3;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %u\n", seed);
	srandom(seed);
	warm_up(&run);
	before = settled(&run);
	tell("before", &before);
	all_guests(&run, count);
	ok = nothing_left(&run, &before, &after);
	tell("after", &after);
	printf("%u guests: %u died, of them %u at each of %u steps; %u lived\n", count, run.died,
	       (unsigned int)HOW_COUNT, *run.steps, run.finished);
	if (!ok)
		printf("FAIL: something is left\n");
	if (run.died < count / 2) {
		printf("FAIL: too few of them died\n");
		ok = false;
	}
#ifndef __SANITIZE_ADDRESS__
	/* with sanitizers freed memory is kept for a while */
	if (after.daemon_anon_kib > before.daemon_anon_kib + MAX_GROWTH_KIB) {
		printf("FAIL: the daemon has grown\n");
		ok = false;
	}
#endif
	mmx_ask_close(run.ask);
	return ok ? 0 : 1;
}
