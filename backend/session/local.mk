# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/libsession.a

backend_libsession_a_SOURCES = \
	%D%/addrspace.c \
	%D%/bind.c %D%/bind.h \
	%D%/census.c \
	%D%/client.c \
	%D%/dispatch.c \
	%D%/edit.c \
	%D%/label.c \
	%D%/mem.c \
	%D%/notify.c \
	%D%/object.c %D%/object.h \
	%D%/peek.c \
	%D%/session.c %D%/session.h %D%/session_priv.h \
	%D%/sgroup.c \
	%D%/sheap.c \
	%D%/space.c \
	%D%/timeline.c \
	%D%/vma.c %D%/vma.h

EXTRA_DIST += %D%/README.md
