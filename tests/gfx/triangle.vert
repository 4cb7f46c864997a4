// SPDX-License-Identifier: GPL-2.0-only OR MIT
// A triangle around the middle of the image, from no buffer.
#version 450

void main()
{
	const vec2 corners[3] = vec2[](vec2(0.0, -0.8), vec2(0.8, 0.8), vec2(-0.8, 0.8));

	gl_Position = vec4(corners[gl_VertexIndex], 0.0, 1.0);
}
