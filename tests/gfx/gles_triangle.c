// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * An OpenGL ES program that draws a triangle into a texture and reads it back, a few times, without any window system.
 * Each frame ends with a sync object of EGL that is waited for. README.md has the contract.
 */
#define EGL_NO_X11
#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <stdio.h>
#include <string.h>

#include "tests/gfx/gfx.h"

struct gles {
	EGLDisplay display;
	PFNGLGETGRAPHICSRESETSTATUSEXTPROC reset_status;
	char name[128];
};

static const char vertex_source[] = "attribute vec4 corner;\n"
				    "void main()\n"
				    "{\n"
				    "	gl_Position = corner;\n"
				    "}\n";

static const char fragment_source[] = "precision mediump float;\n"
				      "void main()\n"
				      "{\n"
				      "	gl_FragColor = vec4(1.0, 0.0, 0.0, 1.0);\n"
				      "}\n";

static void expect_no_error(const struct gles *gles, const char *where)
{
	GLenum error = glGetError();

	if (error)
		gfx_fail("%s: GL error 0x%x", where, error);
	error = gles->reset_status();
	if (error != GL_NO_ERROR)
		gfx_fail("%s: the context is lost (0x%x)", where, error);
}

/* A context that tells if the GPU was reset under it. */
static void open_context(struct gles *gles)
{
	const EGLint wanted[] = { EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
				  EGL_OPENGL_ES2_BIT, EGL_NONE };
	const EGLint attributes[] = { EGL_CONTEXT_MAJOR_VERSION, 2,
				      EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT,
				      EGL_LOSE_CONTEXT_ON_RESET_EXT, EGL_NONE };
	EGLContext context;
	EGLConfig config;
	EGLint count = 0;

	gles->display =
		eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	if (!eglInitialize(gles->display, NULL, NULL))
		gfx_fail("eglInitialize: 0x%x", eglGetError());
	if (!eglBindAPI(EGL_OPENGL_ES_API) ||
	    !eglChooseConfig(gles->display, wanted, &config, 1, &count) || !count)
		gfx_fail("EGL has no configuration for GLES 2");
	context = eglCreateContext(gles->display, config, EGL_NO_CONTEXT, attributes);
	if (!context || !eglMakeCurrent(gles->display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
		gfx_fail("EGL gives no context: 0x%x", eglGetError());
	gles->reset_status = (PFNGLGETGRAPHICSRESETSTATUSEXTPROC)eglGetProcAddress(
		"glGetGraphicsResetStatusEXT");
	if (!gles->reset_status ||
	    !strstr((const char *)glGetString(GL_EXTENSIONS), "GL_EXT_robustness"))
		gfx_fail("GL_EXT_robustness is missing");
}

static void open_device(struct gles *gles, const struct gfx_options *options)
{
	open_context(gles);
	snprintf(gles->name, sizeof(gles->name), "%s", (const char *)glGetString(GL_RENDERER));
	if (!options->any && (strncmp(gles->name, "Mali-", 5) || !strstr(gles->name, "(Panfrost)")))
		gfx_fail("it is no Mali with Panfrost, but %s", gles->name);
}

/* A texture to draw into; it stays bound. */
static void create_target(const struct gles *gles)
{
	GLuint texture, framebuffer;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, GFX_SIZE, GFX_SIZE, 0, GL_RGBA, GL_UNSIGNED_BYTE,
		     NULL);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		gfx_fail("the framebuffer is not complete");
	glViewport(0, 0, GFX_SIZE, GFX_SIZE);
	expect_no_error(gles, "framebuffer");
}

static GLuint shader_of(GLenum stage, const char *source)
{
	GLuint shader = glCreateShader(stage);
	GLint compiled = 0;

	glShaderSource(shader, 1, &source, NULL);
	glCompileShader(shader);
	glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
	if (!compiled)
		gfx_fail("a shader cannot be compiled");
	return shader;
}

/* The program and its vertices; they stay in use. */
static void create_program(const struct gles *gles)
{
	static const float corners[] = { 0.0f, 0.8f, -0.8f, -0.8f, 0.8f, -0.8f };
	GLuint program = glCreateProgram(), buffer;
	GLint linked = 0;

	glAttachShader(program, shader_of(GL_VERTEX_SHADER, vertex_source));
	glAttachShader(program, shader_of(GL_FRAGMENT_SHADER, fragment_source));
	glBindAttribLocation(program, 0, "corner");
	glLinkProgram(program);
	glGetProgramiv(program, GL_LINK_STATUS, &linked);
	if (!linked)
		gfx_fail("the program cannot be linked");
	glUseProgram(program);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_ARRAY_BUFFER, buffer);
	glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
	glEnableVertexAttribArray(0);
	expect_no_error(gles, "program");
}

static void frame(const struct gles *gles, const struct gfx_options *options)
{
	static const float clear[] = GFX_CLEAR_RGB;
	static uint32_t pixels[GFX_SIZE * GFX_SIZE];
	EGLSync sync;
	EGLint got;

	glClearColor(clear[0], clear[1], clear[2], clear[3]);
	glClear(GL_COLOR_BUFFER_BIT);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	sync = eglCreateSync(gles->display, EGL_SYNC_FENCE, NULL);
	if (!sync)
		gfx_fail("eglCreateSync: 0x%x", eglGetError());
	got = eglClientWaitSync(gles->display, sync, EGL_SYNC_FLUSH_COMMANDS_BIT,
				options->patience_ns);
	if (got == EGL_TIMEOUT_EXPIRED)
		gfx_fail("eglClientWaitSync: not in time");
	if (got != EGL_CONDITION_SATISFIED)
		gfx_fail("eglClientWaitSync: 0x%x", eglGetError());
	eglDestroySync(gles->display, sync);
	expect_no_error(gles, "draw");
	memset(pixels, 0, sizeof(pixels));
	glReadPixels(0, 0, GFX_SIZE, GFX_SIZE, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	glFinish();
	expect_no_error(gles, "read");
	if (options->check)
		gfx_check_triangle(pixels);
}

int main(int argc, char **argv)
{
	const struct gfx_options options = gfx_begin(argc, argv);
	struct gles gles = { 0 };
	unsigned int i;

	open_device(&gles, &options);
	create_target(&gles);
	create_program(&gles);
	for (i = 0; i < GFX_FRAMES; i++)
		frame(&gles, &options);
	gfx_done(&options, gles.name, "%u triangles came to their fences", GFX_FRAMES);
}
