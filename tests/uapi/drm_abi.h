/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What all DRM drivers have, as far as the conformance program uses it. Facts of the kernel's public <drm/drm.h>, which
 * Debian's linux-libc-dev leaves to libdrm.
 */
#ifndef TESTS_UAPI_DRM_ABI_H
#define TESTS_UAPI_DRM_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

struct drm_version {
	int32_t version_major, version_minor, version_patchlevel;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

struct drm_gem_close {
	uint32_t handle, pad;
};

#define DRM_CAP_SYNCOBJ_TIMELINE 0x14

struct drm_get_cap {
	uint64_t capability, value;
};

/* flags are those of open() */
struct drm_prime_handle {
	uint32_t handle, flags;
	int32_t fd;
};

struct drm_syncobj_create {
	uint32_t handle, flags;
};
#define DRM_SYNCOBJ_CREATE_SIGNALED 1u

#define DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE 1u

struct drm_syncobj_handle {
	uint32_t handle, flags;
	int32_t fd;
	uint32_t pad;
	uint64_t point; /* later kernels */
};

#define DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT 2u

struct drm_syncobj_wait {
	uint64_t handles;
	int64_t timeout_nsec; /* CLOCK_MONOTONIC */
	uint32_t count_handles, flags, first_signaled, pad;
	uint64_t deadline_nsec;
};

struct drm_syncobj_array {
	uint64_t handles;
	uint32_t count_handles, pad;
};

struct drm_syncobj_timeline_wait {
	uint64_t handles, points;
	int64_t timeout_nsec;
	uint32_t count_handles, flags, first_signaled, pad;
	uint64_t deadline_nsec;
};

struct drm_syncobj_timeline_array {
	uint64_t handles, points;
	uint32_t count_handles, flags;
};

#define DRM_IOCTL_VERSION		  _IOWR('d', 0x00, struct drm_version)
#define DRM_IOCTL_GEM_CLOSE		  _IOW('d', 0x09, struct drm_gem_close)
#define DRM_IOCTL_GET_CAP		  _IOWR('d', 0x0c, struct drm_get_cap)
#define DRM_IOCTL_PRIME_HANDLE_TO_FD	  _IOWR('d', 0x2d, struct drm_prime_handle)
#define DRM_IOCTL_PRIME_FD_TO_HANDLE	  _IOWR('d', 0x2e, struct drm_prime_handle)
#define DRM_IOCTL_SYNCOBJ_CREATE	  _IOWR('d', 0xbf, struct drm_syncobj_create)
#define DRM_IOCTL_SYNCOBJ_DESTROY	  _IOWR('d', 0xc0, struct drm_gem_close) /* the same struct */
#define DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD	  _IOWR('d', 0xc1, struct drm_syncobj_handle)
#define DRM_IOCTL_SYNCOBJ_WAIT		  _IOWR('d', 0xc3, struct drm_syncobj_wait)
#define DRM_IOCTL_SYNCOBJ_RESET		  _IOWR('d', 0xc4, struct drm_syncobj_array)
#define DRM_IOCTL_SYNCOBJ_SIGNAL	  _IOWR('d', 0xc5, struct drm_syncobj_array)
#define DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT	  _IOWR('d', 0xca, struct drm_syncobj_timeline_wait)
#define DRM_IOCTL_SYNCOBJ_QUERY		  _IOWR('d', 0xcb, struct drm_syncobj_timeline_array)
#define DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL _IOWR('d', 0xcd, struct drm_syncobj_timeline_array)

static_assert(sizeof(struct drm_version) == 64, "ABI");
static_assert(sizeof(struct drm_prime_handle) == 12, "ABI");
static_assert(sizeof(struct drm_syncobj_handle) == 24, "ABI");
static_assert(sizeof(struct drm_syncobj_wait) == 40, "ABI");
static_assert(sizeof(struct drm_syncobj_timeline_wait) == 48, "ABI");
static_assert(sizeof(struct drm_syncobj_timeline_array) == 24, "ABI");

#endif
