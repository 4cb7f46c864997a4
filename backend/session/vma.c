// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The mappings of a VM. A sorted array of pointers: finding is bisection, an edit moves a few kilobytes at most
 * (max_mappings bounds it), and nothing has to be balanced.
 *
 * Cutting may turn one range into two, of which one is new: the garbage needs one too if only a part of a range goes.
 * So an edit of one hole takes at most two spares: for a range that is cut in its middle, its tail and its middle. A
 * range that is put in takes a third.
 */
#include "backend/session/vma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPARES (sizeof(((struct mmx_vma_spare *)NULL)->vma) / sizeof(struct mmx_vma *))

/* Mappings that one edit can add: one that is put into the middle of another makes two of it. */
#define MOST_MORE 2u

static uint64_t end_of(const struct mmx_vma *vma)
{
	return vma->va + vma->size;
}

/* Index of the first range that ends above @va. */
static size_t find(const struct mmx_addrspace *vm, uint64_t va)
{
	size_t low = 0, high = vm->vma_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (end_of(vm->vmas[mid]) <= va)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct mmx_vma *mmx_vma_find(const struct mmx_addrspace *vm, uint64_t va)
{
	size_t i = find(vm, va);

	return i < vm->vma_count && vm->vmas[i]->va <= va ? vm->vmas[i] : NULL;
}

bool mmx_vma_any(const struct mmx_addrspace *vm, uint64_t va, uint64_t size)
{
	size_t i = find(vm, va);

	return i < vm->vma_count && vm->vmas[i]->va < va + size;
}

bool mmx_vma_splits(const struct mmx_addrspace *vm, uint64_t va, uint64_t size)
{
	size_t i = find(vm, va);

	return i < vm->vma_count && vm->vmas[i]->va < va && end_of(vm->vmas[i]) > va + size;
}

static bool is_free(const struct mmx_addrspace *vm, size_t count)
{
	return count + vm->reserved_mappings <= vm->session->limits->max_mappings;
}

bool mmx_vma_may_map(const struct mmx_addrspace *vm, uint64_t va, uint64_t size)
{
	size_t first = find(vm, va), last = find(vm, va + size), count;

	if (first < last && vm->vmas[first]->va < va)
		first++;
	count = vm->vma_count + 1 + mmx_vma_splits(vm, va, size) - (last - first);
	/* fewer than before is always fine */
	return count <= vm->vma_count || is_free(vm, count);
}

bool mmx_vma_may_unmap(const struct mmx_addrspace *vm, uint64_t va, uint64_t size)
{
	return !mmx_vma_splits(vm, va, size) || is_free(vm, vm->vma_count + 1);
}

int mmx_vma_spare_take(struct mmx_addrspace *vm, struct mmx_vma_spare *ret_spare)
{
	struct mmx_vma_spare spare = { { NULL } };
	unsigned int i;

	if (vm->vma_count + MOST_MORE > vm->vma_capacity) {
		size_t capacity = vm->vma_capacity ? vm->vma_capacity * 2 : 16;
		struct mmx_vma **vmas = realloc(vm->vmas, capacity * sizeof(*vmas));

		if (!vmas)
			return -ENOMEM;
		vm->vmas = vmas;
		vm->vma_capacity = capacity;
	}
	for (i = 0; i < SPARES; i++) {
		spare.vma[i] = calloc(1, sizeof(*spare.vma[i]));
		if (!spare.vma[i]) {
			mmx_vma_spare_drop(&spare);
			return -ENOMEM;
		}
	}
	*ret_spare = spare;
	return 0;
}

void mmx_vma_spare_drop(struct mmx_vma_spare *spare)
{
	unsigned int i;

	for (i = 0; i < SPARES; i++)
		free(spare->vma[i]);
	*spare = (struct mmx_vma_spare){ { NULL } };
}

static struct mmx_vma *use_spare(struct mmx_vma_spare *spare, const struct mmx_vma *from)
{
	unsigned int i = 0;
	struct mmx_vma *vma;

	while (!spare->vma[i])
		i++;
	vma = spare->vma[i];
	spare->vma[i] = NULL;
	*vma = *from;
	mmx_list_init(&vma->link);
	if (vma->mem)
		mmx_memobj_get(vma->mem);
	return vma;
}

static void insert_at(struct mmx_addrspace *vm, size_t i, struct mmx_vma *vma)
{
	memmove(&vm->vmas[i + 1], &vm->vmas[i], (vm->vma_count - i) * sizeof(vm->vmas[0]));
	vm->vmas_moved += vm->vma_count - i;
	vm->vmas[i] = vma;
	vm->vma_count++;
}

static void keep_front(struct mmx_vma *vma, uint64_t end)
{
	vma->size = end - vma->va;
}

static void keep_back(struct mmx_vma *vma, uint64_t start)
{
	vma->mem_offset += start - vma->va;
	vma->size -= start - vma->va;
	vma->va = start;
}

/* A range that only loses a part keeps its memory object, whose pages in the part still need maintenance: the part
 * becomes a range of its own in the garbage, holding the object until then. */
void mmx_vma_cut(struct mmx_addrspace *vm, uint64_t va, uint64_t size, struct mmx_list *garbage,
		 struct mmx_vma_spare *spare)
{
	uint64_t end = va + size;
	size_t first = find(vm, va), last, gone;
	struct mmx_vma *vma, *part;

	if (first < vm->vma_count && vm->vmas[first]->va < va) {
		vma = vm->vmas[first];
		if (end_of(vma) > end) {
			part = use_spare(spare, vma);
			keep_back(part, end);
			insert_at(vm, first + 1, part);
			part = use_spare(spare, vma);
			keep_back(part, va);
			keep_front(part, end);
			mmx_list_add_tail(garbage, &part->link);
			keep_front(vma, va);
			return;
		}
		part = use_spare(spare, vma);
		keep_back(part, va);
		mmx_list_add_tail(garbage, &part->link);
		keep_front(vma, va);
		first++;
	}
	for (last = first; last < vm->vma_count && end_of(vm->vmas[last]) <= end; last++)
		mmx_list_add_tail(garbage, &vm->vmas[last]->link);
	if (last < vm->vma_count && vm->vmas[last]->va < end) {
		part = use_spare(spare, vm->vmas[last]);
		keep_front(part, end);
		mmx_list_add_tail(garbage, &part->link);
		keep_back(vm->vmas[last], end);
	}
	gone = last - first;
	if (!gone)
		return;
	memmove(&vm->vmas[first], &vm->vmas[last], (vm->vma_count - last) * sizeof(vm->vmas[0]));
	vm->vmas_moved += vm->vma_count - last;
	vm->vma_count -= gone;
}

void mmx_vma_insert(struct mmx_addrspace *vm, const struct mmx_vma *range,
		    struct mmx_vma_spare *spare)
{
	insert_at(vm, find(vm, range->va), use_spare(spare, range));
}

static void free_vma(struct mmx_vma *vma)
{
	if (vma->mem)
		mmx_memobj_put(vma->mem);
	free(vma);
}

unsigned int mmx_vma_free_some(struct mmx_list *garbage, unsigned int most)
{
	unsigned int done;

	for (done = 0; done < most && !mmx_list_empty(garbage); done++) {
		struct mmx_vma *vma = mmx_list_first(garbage, struct mmx_vma, link);

		mmx_list_del(&vma->link);
		free_vma(vma);
	}
	return done;
}

unsigned int mmx_vma_free_last(struct mmx_addrspace *vm, unsigned int most)
{
	unsigned int done;

	for (done = 0; done < most && vm->vma_count; done++)
		free_vma(vm->vmas[--vm->vma_count]);
	return done;
}
