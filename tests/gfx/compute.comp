// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Each word of the buffer becomes 3 times itself plus a number that each dispatch has its own of: only in the
// right order do they give the right words.
#version 450

layout(local_size_x = 64) in;

layout(set = 0, binding = 0) buffer words_of
{
	uint words[];
};

layout(push_constant) uniform constants
{
	uint addend;
};

void main()
{
	words[gl_GlobalInvocationID.x] = words[gl_GlobalInvocationID.x] * 3u + addend;
}
