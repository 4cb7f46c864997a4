// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Vulkan as the programs of this folder need it. Everything lives until the end of the process.
 */
#include "tests/gfx/gfx_vk.h"

#include <stdio.h>
#include <string.h>

#define DEVICES_MAX  8u
#define FAMILIES_MAX 8u

/* PCI's number of Arm, which Mali drivers report. */
#define VENDOR_ARM 0x13b5u

void gfx_vk_expect(VkResult result, const char *call)
{
	switch (result) {
	case VK_SUCCESS:
		return;
	case VK_TIMEOUT:
		gfx_fail("%.*s: not in time", (int)strcspn(call, "("), call);
	case VK_ERROR_DEVICE_LOST:
		gfx_fail("%.*s: the device is lost", (int)strcspn(call, "("), call);
	default:
		gfx_fail("%.*s: %d", (int)strcspn(call, "("), call, result);
	}
}

/* Whether it is a Mali with Mesa's driver, and nothing that a CPU computes; and its name. */
static bool is_mali(VkPhysicalDevice device, struct gfx_vk *vk)
{
	VkPhysicalDeviceDriverProperties driver = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
	};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
		.pNext = &driver,
	};

	vkGetPhysicalDeviceProperties2(device, &properties);
	snprintf(vk->name, sizeof(vk->name), "%s (%s)", properties.properties.deviceName,
		 driver.driverName);
	return driver.driverID == VK_DRIVER_ID_MESA_PANVK &&
	       properties.properties.vendorID == VENDOR_ARM &&
	       !strncmp(properties.properties.deviceName, "Mali-", 5);
}

static void pick_device(struct gfx_vk *vk, const struct gfx_options *options)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_3,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	VkPhysicalDevice devices[DEVICES_MAX];
	uint32_t count = DEVICES_MAX, i;
	VkInstance instance;

	GFX_VK(vkCreateInstance(&info, NULL, &instance));
	GFX_VK(vkEnumeratePhysicalDevices(instance, &count, devices));
	for (i = 0; i < count; i++) {
		if (is_mali(devices[i], vk) || options->any) {
			vk->physical = devices[i];
			return;
		}
	}
	if (count)
		gfx_fail("there is no Mali with panvk, but %s", vk->name);
	gfx_fail("there is no device");
}

/* The first family that can do everything. */
static uint32_t pick_family(const struct gfx_vk *vk)
{
	const VkQueueFlags wanted = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
	VkQueueFamilyProperties families[FAMILIES_MAX];
	uint32_t count = FAMILIES_MAX, i;

	vkGetPhysicalDeviceQueueFamilyProperties(vk->physical, &count, families);
	for (i = 0; i < count; i++)
		if ((families[i].queueFlags & wanted) == wanted)
			return i;
	gfx_fail("there is no queue for graphics and compute");
}

void gfx_vk_open(struct gfx_vk *vk, const struct gfx_options *options)
{
	const float priority = 1;
	VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceVulkan12Features features12 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	VkPhysicalDeviceVulkan13Features features13 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
		.pNext = &features12,
		.dynamicRendering = VK_TRUE,
	};
	const VkDeviceCreateInfo device = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &features13,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
	};
	VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	};

	pick_device(vk, options);
	queue.queueFamilyIndex = pick_family(vk);
	pool.queueFamilyIndex = queue.queueFamilyIndex;
	GFX_VK(vkCreateDevice(vk->physical, &device, NULL, &vk->device));
	vkGetDeviceQueue(vk->device, queue.queueFamilyIndex, 0, &vk->queue);
	vkGetPhysicalDeviceMemoryProperties(vk->physical, &vk->memory);
	GFX_VK(vkCreateCommandPool(vk->device, &pool, NULL, &vk->pool));
}

uint32_t gfx_vk_memory_type(const struct gfx_vk *vk, uint32_t types, VkMemoryPropertyFlags flags)
{
	uint32_t i;

	for (i = 0; i < vk->memory.memoryTypeCount; i++)
		if (types & 1u << i && (vk->memory.memoryTypes[i].propertyFlags & flags) == flags)
			return i;
	gfx_fail("there is no memory with the flags 0x%x", flags);
}

struct gfx_vk_buffer gfx_vk_buffer(const struct gfx_vk *vk, size_t bytes, VkBufferUsageFlags usage)
{
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = bytes,
		.usage = usage,
	};
	VkMemoryAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
	};
	VkMemoryRequirements needs;
	struct gfx_vk_buffer buffer;
	VkDeviceMemory memory;

	GFX_VK(vkCreateBuffer(vk->device, &info, NULL, &buffer.buffer));
	vkGetBufferMemoryRequirements(vk->device, buffer.buffer, &needs);
	allocation.allocationSize = needs.size;
	allocation.memoryTypeIndex = gfx_vk_memory_type(
		vk, needs.memoryTypeBits,
		VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
	GFX_VK(vkAllocateMemory(vk->device, &allocation, NULL, &memory));
	GFX_VK(vkBindBufferMemory(vk->device, buffer.buffer, memory, 0));
	GFX_VK(vkMapMemory(vk->device, memory, 0, VK_WHOLE_SIZE, 0, &buffer.map));
	return buffer;
}

VkShaderModule gfx_vk_shader(const struct gfx_vk *vk, const uint32_t *words, size_t bytes)
{
	const VkShaderModuleCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = bytes,
		.pCode = words,
	};
	VkShaderModule shader;

	GFX_VK(vkCreateShaderModule(vk->device, &info, NULL, &shader));
	return shader;
}

VkCommandBuffer gfx_vk_commands(const struct gfx_vk *vk)
{
	const VkCommandBufferAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = vk->pool,
		.commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	VkCommandBuffer commands;

	GFX_VK(vkAllocateCommandBuffers(vk->device, &allocation, &commands));
	GFX_VK(vkBeginCommandBuffer(commands, &begin));
	return commands;
}

VkFence gfx_vk_fence(const struct gfx_vk *vk)
{
	const VkFenceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
	};
	VkFence fence;

	GFX_VK(vkCreateFence(vk->device, &info, NULL, &fence));
	return fence;
}

void gfx_vk_wait(const struct gfx_vk *vk, VkFence fence, const struct gfx_options *options)
{
	GFX_VK(vkWaitForFences(vk->device, 1, &fence, VK_TRUE, options->patience_ns));
	/* a job that the kernel gave up is signalled too; asking the queue tells that the device is lost */
	GFX_VK(vkGetFenceStatus(vk->device, fence));
	GFX_VK(vkQueueWaitIdle(vk->queue));
}
