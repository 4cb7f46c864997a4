/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The error numbers that shared headers may use where there is no C library: those that the wire
 * carries, in their asm-generic values. Seen only by the freestanding half of 'make header-check'.
 */
#ifndef TESTS_FREESTANDING_ERRNO_H
#define TESTS_FREESTANDING_ERRNO_H

#define EPERM	   1
#define ENOENT	   2
#define EIO	   5
#define E2BIG	   7
#define EBADF	   9
#define EAGAIN	   11
#define ENOMEM	   12
#define EACCES	   13
#define EFAULT	   14
#define EBUSY	   16
#define EEXIST	   17
#define ENODEV	   19
#define EINVAL	   22
#define ENOSPC	   28
#define ERANGE	   34
#define EPROTO	   71
#define EBADMSG	   74
#define EOVERFLOW  75
#define EMSGSIZE   90
#define EOPNOTSUPP 95
#define ENOBUFS	   105
#define ETIMEDOUT  110
#define ESTALE	   116
#define EDQUOT	   122
#define ECANCELED  125

#endif
