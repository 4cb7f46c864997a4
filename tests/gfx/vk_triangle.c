// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A Vulkan program that draws a triangle into an image and copies the image to a buffer, a few times; each frame is
 * a submission with a fence. README.md has the contract.
 */
#include <string.h>

#include "tests/gfx/gfx.h"
#include "tests/gfx/gfx_vk.h"
/* made by gfx/build of triangle.frag and triangle.vert; they need what is above */
#include "tests/gfx/triangle_frag.h"
#include "tests/gfx/triangle_vert.h"

#define FORMAT VK_FORMAT_R8G8B8A8_UNORM

struct triangle {
	struct gfx_vk vk;
	VkImage image;
	VkImageView view;
	struct gfx_vk_buffer pixels;
	VkPipeline pipeline;
};

static const VkImageSubresourceRange whole = {
	.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
	.levelCount = 1,
	.layerCount = 1,
};

static void create_image(struct triangle *t)
{
	const VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = FORMAT,
		.extent = { GFX_SIZE, GFX_SIZE, 1 },
		.mipLevels = 1,
		.arrayLayers = 1,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.tiling = VK_IMAGE_TILING_OPTIMAL,
		.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
	};
	VkMemoryAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
	};
	VkImageViewCreateInfo view = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.viewType = VK_IMAGE_VIEW_TYPE_2D,
		.format = FORMAT,
		.subresourceRange = whole,
	};
	VkMemoryRequirements needs;
	VkDeviceMemory memory;

	GFX_VK(vkCreateImage(t->vk.device, &info, NULL, &t->image));
	vkGetImageMemoryRequirements(t->vk.device, t->image, &needs);
	allocation.allocationSize = needs.size;
	allocation.memoryTypeIndex = gfx_vk_memory_type(&t->vk, needs.memoryTypeBits,
							VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	GFX_VK(vkAllocateMemory(t->vk.device, &allocation, NULL, &memory));
	GFX_VK(vkBindImageMemory(t->vk.device, t->image, memory, 0));
	view.image = t->image;
	GFX_VK(vkCreateImageView(t->vk.device, &view, NULL, &t->view));
}

/* The parts of the pipeline that say nothing of interest. */
static const VkPipelineVertexInputStateCreateInfo vertices = {
	.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
};

static const VkPipelineInputAssemblyStateCreateInfo assembly = {
	.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
	.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
};

static const VkPipelineRasterizationStateCreateInfo raster = {
	.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
	.cullMode = VK_CULL_MODE_NONE,
	.lineWidth = 1,
};

static const VkPipelineMultisampleStateCreateInfo samples = {
	.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
	.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT,
};

static void create_pipeline(struct triangle *t)
{
	const VkPipelineShaderStageCreateInfo stages[] = {
		{
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_VERTEX_BIT,
			.module = gfx_vk_shader(&t->vk, triangle_vert, sizeof(triangle_vert)),
			.pName = "main",
		},
		{
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_FRAGMENT_BIT,
			.module = gfx_vk_shader(&t->vk, triangle_frag, sizeof(triangle_frag)),
			.pName = "main",
		},
	};
	const VkViewport viewport = { 0, 0, GFX_SIZE, GFX_SIZE, 0, 1 };
	const VkRect2D scissor = { { 0, 0 }, { GFX_SIZE, GFX_SIZE } };
	const VkPipelineViewportStateCreateInfo viewports = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
		.viewportCount = 1,
		.pViewports = &viewport,
		.scissorCount = 1,
		.pScissors = &scissor,
	};
	const VkPipelineColorBlendAttachmentState attachment = {
		.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT |
				  VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT,
	};
	const VkPipelineColorBlendStateCreateInfo blend = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
		.attachmentCount = 1,
		.pAttachments = &attachment,
	};
	const VkFormat format = FORMAT;
	const VkPipelineRenderingCreateInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
		.colorAttachmentCount = 1,
		.pColorAttachmentFormats = &format,
	};
	const VkPipelineLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
	};
	VkGraphicsPipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
		.pNext = &rendering,
		.stageCount = 2,
		.pStages = stages,
		.pVertexInputState = &vertices,
		.pInputAssemblyState = &assembly,
		.pViewportState = &viewports,
		.pRasterizationState = &raster,
		.pMultisampleState = &samples,
		.pColorBlendState = &blend,
	};

	GFX_VK(vkCreatePipelineLayout(t->vk.device, &layout, NULL, &info.layout));
	GFX_VK(vkCreateGraphicsPipelines(t->vk.device, VK_NULL_HANDLE, 1, &info, NULL,
					 &t->pipeline));
}

static void draw(const struct triangle *t, VkCommandBuffer commands)
{
	const VkRenderingAttachmentInfo target = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
		.imageView = t->view,
		.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
		.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
		.storeOp = VK_ATTACHMENT_STORE_OP_STORE,
		.clearValue = { .color = { .float32 = GFX_CLEAR_RGB } },
	};
	const VkRenderingInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
		.renderArea = { { 0, 0 }, { GFX_SIZE, GFX_SIZE } },
		.layerCount = 1,
		.colorAttachmentCount = 1,
		.pColorAttachments = &target,
	};

	vkCmdBeginRendering(commands, &rendering);
	vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, t->pipeline);
	vkCmdDraw(commands, 3, 1, 0, 0);
	vkCmdEndRendering(commands);
}

static VkCommandBuffer record(const struct triangle *t)
{
	VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
		.newLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
		.image = t->image,
		.subresourceRange = whole,
	};
	const VkBufferImageCopy copy = {
		.imageSubresource = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
		.imageExtent = { GFX_SIZE, GFX_SIZE, 1 },
	};
	const VkMemoryBarrier to_host = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT,
	};
	VkCommandBuffer commands = gfx_vk_commands(&t->vk);

	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
			     VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, 0, 0, NULL, 0, NULL, 1,
			     &barrier);
	draw(t, commands);
	barrier.srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT;
	barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
	barrier.oldLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
	barrier.newLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
			     VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
	vkCmdCopyImageToBuffer(commands, t->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
			       t->pixels.buffer, 1, &copy);
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
			     0, 1, &to_host, 0, NULL, 0, NULL);
	GFX_VK(vkEndCommandBuffer(commands));
	return commands;
}

static void frame(const struct triangle *t, const struct gfx_options *options)
{
	const VkCommandBuffer commands = record(t);
	const VkFence fence = gfx_vk_fence(&t->vk);
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
	};

	memset(t->pixels.map, 0, GFX_SIZE * GFX_SIZE * sizeof(uint32_t));
	GFX_VK(vkQueueSubmit(t->vk.queue, 1, &info, fence));
	gfx_vk_wait(&t->vk, fence, options);
	if (options->check)
		gfx_check_triangle(t->pixels.map);
}

int main(int argc, char **argv)
{
	const struct gfx_options options = gfx_begin(argc, argv);
	struct triangle t = { 0 };
	unsigned int i;

	gfx_vk_open(&t.vk, &options);
	create_image(&t);
	create_pipeline(&t);
	t.pixels = gfx_vk_buffer(&t.vk, GFX_SIZE * GFX_SIZE * sizeof(uint32_t),
				 VK_BUFFER_USAGE_TRANSFER_DST_BIT);
	for (i = 0; i < GFX_FRAMES; i++)
		frame(&t, &options);
	gfx_done(&options, t.vk.name, "%u triangles came to their fences", GFX_FRAMES);
}
