// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A Vulkan compute program: dispatches that work on one storage buffer, each in a submission of its own. All are
 * submitted at once; a timeline semaphore lets the first go when the host says so, and each other one when the one
 * before has ended. The last one signals a fence. README.md has the contract.
 */
#include "tests/gfx/gfx.h"
#include "tests/gfx/gfx_vk.h"
/* made by gfx/build of compute.comp; it needs what is above */
#include "tests/gfx/compute_comp.h"

#define DISPATCHES 8u
#define GROUPS	   4u
#define GROUP_SIZE 64u /* as the shader has it */
#define WORDS	   (GROUPS * GROUP_SIZE)

struct compute {
	struct gfx_vk vk;
	struct gfx_vk_buffer words;
	VkDescriptorSetLayout set_layout;
	VkDescriptorSet set;
	VkPipelineLayout layout;
	VkPipeline pipeline;
	VkSemaphore timeline;
};

static uint32_t addend_of(uint32_t dispatch)
{
	return 1000u * dispatch + 7u;
}

static void create_set(struct compute *c)
{
	const VkDescriptorSetLayoutBinding binding = {
		.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		.descriptorCount = 1,
		.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
	};
	const VkDescriptorSetLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 1,
		.pBindings = &binding,
	};
	const VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1 };
	const VkDescriptorPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = 1,
		.pPoolSizes = &size,
	};
	VkDescriptorSetAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = &c->set_layout,
	};
	const VkDescriptorBufferInfo range = { c->words.buffer, 0, VK_WHOLE_SIZE };
	VkWriteDescriptorSet write = {
		.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
		.descriptorCount = 1,
		.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		.pBufferInfo = &range,
	};

	GFX_VK(vkCreateDescriptorSetLayout(c->vk.device, &layout, NULL, &c->set_layout));
	GFX_VK(vkCreateDescriptorPool(c->vk.device, &pool_info, NULL, &allocation.descriptorPool));
	GFX_VK(vkAllocateDescriptorSets(c->vk.device, &allocation, &c->set));
	write.dstSet = c->set;
	vkUpdateDescriptorSets(c->vk.device, 1, &write, 0, NULL);
}

static void create_pipeline(struct compute *c)
{
	const VkPushConstantRange constants = { VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(uint32_t) };
	const VkPipelineLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pSetLayouts = &c->set_layout,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &constants,
	};
	VkComputePipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage = {
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_COMPUTE_BIT,
			.module = gfx_vk_shader(&c->vk, compute_comp, sizeof(compute_comp)),
			.pName = "main",
		},
	};

	GFX_VK(vkCreatePipelineLayout(c->vk.device, &layout, NULL, &c->layout));
	info.layout = c->layout;
	GFX_VK(vkCreateComputePipelines(c->vk.device, VK_NULL_HANDLE, 1, &info, NULL,
					&c->pipeline));
}

static void create_timeline(struct compute *c)
{
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};

	GFX_VK(vkCreateSemaphore(c->vk.device, &info, NULL, &c->timeline));
}

static VkCommandBuffer record(const struct compute *c, uint32_t addend)
{
	/* what the dispatch before has written, and for the host */
	const VkMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
				 VK_ACCESS_HOST_READ_BIT,
	};
	VkCommandBuffer commands = gfx_vk_commands(&c->vk);

	vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, c->pipeline);
	vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, c->layout, 0, 1, &c->set,
				0, NULL);
	vkCmdPushConstants(commands, c->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(addend),
			   &addend);
	vkCmdDispatch(commands, GROUPS, 1, 1);
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
			     VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0,
			     1, &barrier, 0, NULL, 0, NULL);
	GFX_VK(vkEndCommandBuffer(commands));
	return commands;
}

/* Dispatch i waits for the value i + 1 and signals i + 2; the host signals 1. */
static void submit(const struct compute *c, uint32_t dispatch, VkFence fence)
{
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
	const uint64_t wait = dispatch + 1, signal = dispatch + 2;
	const VkCommandBuffer commands = record(c, addend_of(dispatch));
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = 1,
		.pWaitSemaphoreValues = &wait,
		.signalSemaphoreValueCount = 1,
		.pSignalSemaphoreValues = &signal,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = 1,
		.pWaitSemaphores = &c->timeline,
		.pWaitDstStageMask = &stage,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
		.signalSemaphoreCount = 1,
		.pSignalSemaphores = &c->timeline,
	};

	GFX_VK(vkQueueSubmit(c->vk.queue, 1, &info, fence));
}

/* Lets the submissions go, and waits until they have ended. */
static void run(const struct compute *c, VkFence fence, const struct gfx_options *options)
{
	const uint64_t end = DISPATCHES + 1;
	const VkSemaphoreSignalInfo go = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
		.semaphore = c->timeline,
		.value = 1,
	};
	const VkSemaphoreWaitInfo wait = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &c->timeline,
		.pValues = &end,
	};
	uint64_t value = 0;

	GFX_VK(vkGetSemaphoreCounterValue(c->vk.device, c->timeline, &value));
	if (value != 0 || vkGetFenceStatus(c->vk.device, fence) != VK_NOT_READY)
		gfx_fail("a dispatch has not waited for the host");
	GFX_VK(vkSignalSemaphore(c->vk.device, &go));
	GFX_VK(vkWaitSemaphores(c->vk.device, &wait, options->patience_ns));
	gfx_vk_wait(&c->vk, fence, options);
	GFX_VK(vkGetSemaphoreCounterValue(c->vk.device, c->timeline, &value));
	if (value != end)
		gfx_fail("the semaphore is at %llu, not %llu", (unsigned long long)value,
			 (unsigned long long)end);
}

static void check(const uint32_t *words)
{
	uint32_t i, dispatch;

	for (i = 0; i < WORDS; i++) {
		uint32_t wanted = i;

		for (dispatch = 0; dispatch < DISPATCHES; dispatch++)
			wanted = wanted * 3u + addend_of(dispatch);
		if (words[i] != wanted)
			gfx_fail("word %u is %u, not %u", i, words[i], wanted);
	}
}

int main(int argc, char **argv)
{
	const struct gfx_options options = gfx_begin(argc, argv);
	struct compute c = { 0 };
	uint32_t *words;
	VkFence fence;
	uint32_t i;

	gfx_vk_open(&c.vk, &options);
	c.words =
		gfx_vk_buffer(&c.vk, WORDS * sizeof(uint32_t), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
	words = c.words.map;
	for (i = 0; i < WORDS; i++)
		words[i] = i;
	create_set(&c);
	create_pipeline(&c);
	create_timeline(&c);
	fence = gfx_vk_fence(&c.vk);
	for (i = 0; i < DISPATCHES; i++)
		submit(&c, i, i + 1 == DISPATCHES ? fence : VK_NULL_HANDLE);
	run(&c, fence, &options);
	if (options.check)
		check(words);
	gfx_done(&options, c.vk.name, "%u dispatches came to their semaphore and fence",
		 DISPATCHES);
}
