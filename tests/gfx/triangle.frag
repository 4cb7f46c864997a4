// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Red.
#version 450

layout(location = 0) out vec4 colour;

void main()
{
	colour = vec4(1.0, 0.0, 0.0, 1.0);
}
