// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The memory spaces that a session's memory objects are made of: the region's data area, and pieces of the guest's own
 * memory if the backend has been given that. Where a page of one is for the device; SPACE and SPACE_CHECK.
 *
 * The region can neither shrink nor get holes once there is a session, so the daemon reads it where it is mapped. The
 * guest's own memory belongs to whoever runs the machine, who may cut its file short at any time: it is only read with
 * pread(), for which that is a short answer and no signal, and never through a mapping. What is read there is the guest's
 * word, as always.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/session/session_priv.h"

static const struct mmx_session_space *find_space(const struct mmx_session *s, uint32_t space)
{
	return s->ram && space && space <= s->ram->count ? &s->ram->spaces[space - 1] : NULL;
}

int mmx_space_check_run(const struct mmx_session *s, const struct mmx_run *run)
{
	uint64_t first = s->layout.data_offset >> MMX_WIRE_PAGE_SHIFT;
	uint64_t pages = s->layout.data_size >> MMX_WIRE_PAGE_SHIFT;
	const struct mmx_session_space *space;

	if (run->space) {
		space = find_space(s, run->space);
		if (!space)
			return EINVAL;
		if (s->spaces_off & 1u << run->space)
			return EFAULT;
		first = 0;
		pages = space->page_count;
	}
	if (run->first_page < first || run->first_page - first >= pages ||
	    run->page_count > pages - (run->first_page - first))
		return EFAULT;
	return 0;
}

uint64_t mmx_space_addr(const struct mmx_session *s, uint32_t space, uint64_t page,
			uint64_t *ret_addr)
{
	uint64_t offset = page << MMX_WIRE_PAGE_SHIFT;
	const struct mmx_dma_map *map;
	size_t i = 0;

	if (space) {
		map = &find_space(s, space)->map;
	} else {
		map = &s->map;
		offset -= s->layout.data_offset;
	}
	while (offset >= map->runs[i].size)
		offset -= map->runs[i++].size;
	*ret_addr = map->runs[i].addr + offset;
	return map->runs[i].size - offset;
}

/* Return: false: it is not there any more. */
static bool read_space(const struct mmx_session *s, uint32_t space, uint64_t offset, void *buf,
		       size_t size)
{
	off_t at = (off_t)(find_space(s, space)->offset + offset);
	ssize_t n;

	do
		n = pread(s->ram->fd, buf, size, at);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)size;
}

bool mmx_space_read(const struct mmx_session *s, uint32_t space, uint64_t offset, unsigned int size,
		    uint64_t *ret_value)
{
	const uint8_t *byte = (const uint8_t *)s->peer.region + offset;
	uint32_t narrow;

	if (space && size == sizeof(*ret_value))
		return read_space(s, space, offset, ret_value, size);
	if (space) {
		if (!read_space(s, space, offset, &narrow, sizeof(narrow)))
			return false;
		*ret_value = narrow;
		return true;
	}
	mmx_device_sync_for_cpu(s->dev, byte, size);
	*ret_value =
		size == sizeof(uint64_t)
			? __atomic_load_n((const uint64_t *)(const void *)byte, __ATOMIC_ACQUIRE)
			: __atomic_load_n((const uint32_t *)(const void *)byte, __ATOMIC_ACQUIRE);
	return true;
}

int mmx_space_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_space *m = msg;
	const struct mmx_session_space *space = find_space(s, m->space);
	struct mmx_reply_space *reply = (void *)request->reply;

	if (m->pad || !space)
		return EINVAL;
	reply->guest_page = space->guest_page;
	reply->page_count = space->page_count;
	request->size = sizeof(*reply);
	return 0;
}

int mmx_space_check_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_space_check *m = msg;
	const struct mmx_session_space *space = find_space(s, m->space);
	uint8_t found[MMX_NONCE_SIZE];
	uint32_t dropped;

	(void)request;
	if (m->pad || !space)
		return EINVAL;
	if (m->page >= space->page_count || s->spaces_off & 1u << m->space)
		return EFAULT;
	if (read_space(s, m->space, m->page << MMX_WIRE_PAGE_SHIFT, found, sizeof(found)) &&
	    !memcmp(found, m->nonce, sizeof(found)))
		return 0;
	s->spaces_off |= 1u << m->space;
	if (mmx_log_limit_pass(s->log_limit, mmx_timers_now(s->timers), &dropped))
		mmx_log_guest(
			MMX_LOG_SESSION, MMX_LOG_WARN, s->partition,
			"piece %u of guest_ram, at 0x%llx, is not what the guest has there: it is left alone (%u more left out)",
			m->space, (unsigned long long)space->guest_page << MMX_WIRE_PAGE_SHIFT,
			dropped);
	return EBADMSG;
}
