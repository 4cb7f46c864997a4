/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the Vulkan programs share: the device, memory, and submissions that end in time. */
#ifndef TESTS_GFX_GFX_VK_H
#define TESTS_GFX_GFX_VK_H

#include <stddef.h>
#include <stdint.h>

#include <vulkan/vulkan.h>

#include "tests/gfx/gfx.h"

/* Fails if a call does not return VK_SUCCESS. */
#define GFX_VK(call) gfx_vk_expect(call, #call)
void gfx_vk_expect(VkResult result, const char *call);

struct gfx_vk {
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE + VK_MAX_DRIVER_NAME_SIZE + 4];
	VkPhysicalDevice physical;
	VkPhysicalDeviceMemoryProperties memory;
	VkDevice device;
	VkQueue queue; /* compute, graphics, and copies */
	VkCommandPool pool;
};

struct gfx_vk_buffer {
	VkBuffer buffer;
	void *map; /* coherent */
};

/* Of Mali GPUs the first, with timeline semaphores and dynamic rendering; of all with options->any. */
void gfx_vk_open(struct gfx_vk *vk, const struct gfx_options *options);

/* A memory type among @types that has all of @flags. */
uint32_t gfx_vk_memory_type(const struct gfx_vk *vk, uint32_t types, VkMemoryPropertyFlags flags);
struct gfx_vk_buffer gfx_vk_buffer(const struct gfx_vk *vk, size_t bytes, VkBufferUsageFlags usage);
VkShaderModule gfx_vk_shader(const struct gfx_vk *vk, const uint32_t *words, size_t bytes);
/* It is being recorded. */
VkCommandBuffer gfx_vk_commands(const struct gfx_vk *vk);
VkFence gfx_vk_fence(const struct gfx_vk *vk);
/* Until the fence is signalled, or the patience is over; the device must not be lost then. */
void gfx_vk_wait(const struct gfx_vk *vk, VkFence fence, const struct gfx_options *options);

#endif
